import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finished, run, type RunOptions } from "../fixtures/runtime.ts";

export const RUNTIMES = ["node", "deno", "bun"] as const;
export type WindowsRuntime = typeof RUNTIMES[number];

/** Where the executable is in each package of npm. */
export const executables: Readonly<Record<WindowsRuntime, string>> = {
  node: "bin/node.exe",
  deno: "deno.exe",
  bun: "bin/bun.exe",
};

/** The folder of a runtime on drive C:. */
export function folderOf(name: WindowsRuntime): string {
  return `${name}-folder`;
}

/** Variables of every Windows program of this suite. WINEPATH goes to the end of PATH. */
const WINE_ENVIRONMENT: Readonly<Record<string, string>> = {
  WINEARCH: "win64",
  WINEDEBUG: "-all",
  // Wine takes the code page of command lines from the locale.
  LC_ALL: "C.UTF-8",
  WINEPATH: RUNTIMES.map((name) => `C:\\${folderOf(name)}`).join(";"),
  DENO_NO_UPDATE_CHECK: "1",
  // The stand-ins of tests/windows/c, not what Wine has under these names.
  WINEDLLOVERRIDES: "netsh.exe,powershell.exe=n",
  XDG_RUNTIME_DIR: tmpdir(),
  // Paths of this machine, which are none on Windows.
  NODE_EXTRA_CA_CERTS: "",
  NODE_OPTIONS: "",
};

/** The command line that runs a program under Wine. */
export function wineCommand(command: readonly string[], env: RunOptions["env"] = {}): string[] {
  const variables = Object.entries({ ...WINE_ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`);
  return ["env", ...variables, process.env["REALPEER_WINE"]!, ...command];
}

/** Drive C: as this machine sees it. */
export function onDrive(...path: string[]): string {
  return join(process.env["WINEPREFIX"]!, "drive_c", ...path);
}

/** The version of Wine: "wine-8.0". */
export const wineVersion: string = process.env["REALPEER_WINE_VERSION"] ?? "";
export const wineMajor: number = Number(/\d+/.exec(wineVersion)?.[0]);

/** Why a runtime cannot be tried; undefined where it can. */
export function missing(name: WindowsRuntime): string | undefined {
  return process.env[`REALPEER_WINDOWS_NO_${name.toUpperCase()}`];
}

/** The Windows command line that runs a script on a runtime; `flags` are the runtime's own. */
export function runScript(
  name: WindowsRuntime,
  script: string,
  args: readonly string[],
  flags: string[] = [],
): string[] {
  const file = `C:\\${folderOf(name)}\\${name}.exe`;
  return name === "deno"
    ? [file, "run", "-A", "--quiet", ...flags, script, ...args]
    : [file, ...flags, script, ...args];
}

/** The Windows command line of `realpeer`. */
export function realpeerOn(name: WindowsRuntime, ...args: string[]): string[] {
  return runScript(name, process.env["REALPEER_WINDOWS_COMMAND"]!, args);
}

/** What a release build of Bun says under Wine, where a folder has two handles with different names. */
const BUN_ON_WINE = /^Internal error: directory mismatch for directory .*\n/gm;

/**
 * Runs a Windows program in C:\\app to its end. Its streams are files, since Node's pipes are sockets on Unix, which Wine does
 * not show as pipes. Its exit status is known as far as Unix has room: the lowest eight bits.
 */
export async function runWindows(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const folder = mkdtempSync(join(tmpdir(), "realpeer-windows-"));
  const redirect = 'exec "$@" < /dev/null > "$0/stdout" 2> "$0/stderr"';
  try {
    const words = ["sh", "-c", redirect, folder, ...wineCommand(command, options.env)];
    const { code, signal } = await run(words, { cwd: onDrive("app"), limit: 100_000, ...options });
    const read = (name: string): string => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n");
    return { code, signal, stdout: read("stdout"), stderr: read("stderr").replace(BUN_ON_WINE, "") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs one that prints a JSON document, and returns that. */
export async function runWindowsForJson<Result>(command: readonly string[], options?: RunOptions): Promise<Result> {
  const { code, stdout, stderr } = await runWindows(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout) as Result;
}
