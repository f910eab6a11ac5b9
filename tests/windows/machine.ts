/** Makes a drive C: with the runtimes, npm and the packed package on it, once for all tests of this suite. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { root } from "../fixtures/runtime.ts";
import { executables, folderOf, RUNTIMES, type WindowsRuntime, wineCommand } from "./wine.ts";

const WINESERVER = join(dirname(process.env["REALPEER_WINE"]!), "wineserver");
const C_COMPILER = "x86_64-w64-mingw32-gcc";

const LIMIT_MS = 90_000;

function wine(...args: string[]): { status: number | null; output: string } {
  const [file, ...rest] = wineCommand(args) as [string, ...string[]];
  const { status, stdout, stderr, error } = spawnSync(file, rest, { encoding: "utf8", timeout: LIMIT_MS });
  return { status, output: `${stdout}${stderr}${error?.message ?? ""}` };
}

function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // On another file system.
    copyFileSync(from, to);
  }
}

/** Makes a Windows program of a file of tests/windows/c; why that is not possible, or undefined. */
function compile(name: string, output: string, ...flags: string[]): string | undefined {
  const source = join(root, `tests/windows/c/${name}.c`);
  const args = ["-O2", "-s", ...flags, "-o", output, source, "-ladvapi32"];
  // What Wine has there may be a link to a file of its own.
  rmSync(output, { force: true });
  const { error, status, stderr } = spawnSync(C_COMPILER, args, { encoding: "utf8" });
  return error || status !== 0 ? `${name} cannot be made: ${error?.message ?? stderr}` : undefined;
}

/** Puts a runtime on drive C:; why it does not run there, or undefined. */
function installRuntime(name: WindowsRuntime, drive: string): string | undefined {
  const source = process.env[`REALPEER_WINDOWS_${name.toUpperCase()}`];
  if (source === undefined) return `there is no Windows build of ${name} in the cache, nor can it be had from npm`;
  const folder = join(drive, folderOf(name));
  mkdirSync(folder, { recursive: true });
  link(join(source, executables[name]), join(folder, basename(executables[name])));
  const reason = name === "bun"
    ? compile("bcryptprimitives", join(folder, "bcryptprimitives.dll"), "-shared")
    : undefined;
  if (reason !== undefined) return reason;
  writeFileSync(join(drive, "starts.js"), "console.log(6 * 7);");
  const { output } = wine(`C:\\${folderOf(name)}\\${basename(executables[name])}`, "C:\\starts.js");
  if (output.includes("42")) return undefined;
  const fatal = /\bFatal .*$/m.exec(output)?.[0] ?? output.trim().split("\n").at(-1);
  return `${name} does not start on ${process.env["REALPEER_WINE_VERSION"]}${fatal ? `: ${fatal}` : ""}`;
}

/** npm as Node's installer puts it there, its own .cmd included. */
function installNpm(drive: string): void {
  const script = process.env["npm_execpath"] ??
    realpathSync(execFileSync("which", ["npm"], { encoding: "utf8" }).trim());
  const npm = dirname(dirname(script));
  const folder = join(drive, folderOf("node"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(npm, join(folder, "node_modules/npm"));
  copyFileSync(join(npm, "bin/npm.cmd"), join(folder, "npm.cmd"));
}

function installPackage(drive: string): void {
  const folder = join(drive, "app/node_modules/@realpeer/tcp");
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", process.env["REALPEER_TARBALL"]!, "--strip-components=1", "-C", folder]);
  cpSync(join(root, "tests/windows/programs"), join(drive, "app"), { recursive: true });
  const { bin, name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // Deno looks for what npm: names there.
  const project = { private: true, type: "module", dependencies: { [name]: version } };
  writeFileSync(join(drive, "app/package.json"), JSON.stringify(project));
  process.env["REALPEER_WINDOWS_COMMAND"] = `C:\\app\\node_modules\\@realpeer\\tcp\\${
    bin.realpeer.replaceAll("/", "\\")
  }`;
}

export default function setup(): () => void {
  const prefix = mkdtempSync(join(tmpdir(), "realpeer-wine-"));
  process.env["WINEPREFIX"] = prefix;
  process.env["REALPEER_WINE_VERSION"] = wine("--version").output.trim().split(" ")[0] ?? "";
  // One server for the whole suite: it would end, with all the services of this Windows, whenever no program runs.
  spawnSync(WINESERVER, ["-p"], { stdio: "ignore" });
  // The services of this Windows inherit the streams and stay: a pipe would never end.
  const [file, ...rest] = wineCommand(["wineboot", "--init"]) as [string, ...string[]];
  const { status, error } = spawnSync(file, rest, { stdio: "ignore", timeout: LIMIT_MS });
  if (status !== 0) throw new Error(`Cannot make a Windows: wineboot ended with ${status}`, { cause: error });
  // Node 20 and later run on Windows 10 and later.
  wine("reg", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", "win10", "/f");
  const drive = join(prefix, "drive_c");
  for (const name of RUNTIMES) {
    const reason = installRuntime(name, drive);
    if (reason !== undefined) {
      console.log(`windows: ${reason}`);
      process.env[`REALPEER_WINDOWS_NO_${name.toUpperCase()}`] = reason;
    }
  }
  const powershell = compile("powershell", join(drive, "windows/system32/WindowsPowerShell/v1.0/powershell.exe"));
  if (powershell !== undefined) process.env["REALPEER_WINDOWS_NO_POWERSHELL"] = powershell;
  const netsh = compile("netsh", join(drive, "windows/system32/netsh.exe"));
  if (netsh !== undefined) process.env["REALPEER_WINDOWS_NO_NETSH"] = netsh;
  installNpm(drive);
  installPackage(drive);
  return () => {
    spawnSync(WINESERVER, ["-k"], { stdio: "ignore" });
    rmSync(prefix, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
}
