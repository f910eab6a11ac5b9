/**
 * Finds and quotes a command for Windows. CreateProcess knows neither PATHEXT nor batch files, and cmd.exe parses the
 * arguments of a batch file by its own rules (since CVE-2024-27980 Node refuses to start one).
 */

import { statSync } from "node:fs";
import { inSystemFolder } from "./system_folder.ts";

/** The parts of the system that the search needs. */
export interface WindowsFiles {
  /** The value of an environment variable; the case of its name does not matter. */
  env(name: string): string | undefined;
  isFile(path: string): boolean;
}

/** The files and variables of this process. */
export function windowsFiles(): WindowsFiles {
  return {
    env: (name) => process.env[name],
    isFile(path) {
      try {
        return statSync(path).isFile();
      } catch {
        // There is no such file, or the name is invalid.
        return false;
      }
    },
  };
}

/** The program to start, with its arguments. */
export interface WindowsCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Whether `args` go into the command line unchanged, without more quotes. */
  readonly isVerbatim: boolean;
  /** Variables that the command line needs. */
  readonly env: Readonly<Record<string, string>>;
}

/** A program that cannot be run; `code` is that of spawn on other systems. */
export class WindowsCommandError extends Error {
  override readonly name = "WindowsCommandError";
  readonly code: "ENOENT" | "EACCES" | "EINVAL";

  constructor(code: WindowsCommandError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The files that Windows or cmd.exe runs itself. Another program opens the other kinds of PATHEXT, such as .JS. */
const RUNNABLE: readonly string[] = [".com", ".exe", ".bat", ".cmd"];
/** The longest command line of cmd.exe. */
const MAX_LINE = 8191;

function extensionOf(path: string): string {
  return /\.[^.\\/:]*$/.exec(path)?.[0].toLowerCase() ?? "";
}

/** The endings to try, in the order of PATHEXT. */
function endings({ env }: WindowsFiles): readonly string[] {
  const listed = (env("PATHEXT") ?? "").toLowerCase().split(";").map((ending) => ending.trim());
  const known = listed.filter((ending) => RUNNABLE.includes(ending));
  return known.length > 0 ? known : RUNNABLE;
}

/** The folders in which cmd.exe looks for a name, with a separator at the end; "" is the current one. */
function folders({ env }: WindowsFiles): readonly string[] {
  const path = (env("PATH") ?? "").split(";").map((folder) => folder.trim().replace(/^"(.*)"$/, "$1"));
  const inPath = path.filter(Boolean).map((folder) => /[\\/]$/.test(folder) ? folder : `${folder}\\`);
  return env("NoDefaultCurrentDirectoryInExePath") === undefined ? ["", ...inPath] : inPath;
}

/** The file of a name: as written if it has an ending, then with each ending of PATHEXT. */
function find(name: string, files: WindowsFiles): string {
  const isPath = /[\\/:]/.test(name);
  const exact = extensionOf(name) === "" ? [] : [""];
  let other: string | undefined;
  for (const folder of isPath ? [""] : folders(files)) {
    for (const ending of [...exact, ...endings(files)]) {
      const path = `${folder}${name}${ending}`.replaceAll("/", "\\");
      if (!files.isFile(path)) continue;
      if (RUNNABLE.includes(extensionOf(path))) return path;
      other ??= path;
    }
  }
  if (other !== undefined || files.isFile(name)) {
    throw new WindowsCommandError(
      "EACCES",
      `Windows runs no ${extensionOf(name) || "such"} file by itself: name its program too`,
    );
  }
  throw new WindowsCommandError("ENOENT", "there is no such program");
}

/**
 * Quotes one argument for cmd.exe and for the program that the batch file runs. Inside quotes only `%` is special to
 * cmd.exe, even when the batch file passes its arguments on as %*. The C runtime reads `""` as a quote, and for cmd.exe
 * it does not end the quotes. cmd.exe does not expand the value of a variable again, so `%` comes from a variable.
 */
function quoteForBatch(arg: string): string {
  const text = arg.replaceAll("%", `%${PERCENT}%`);
  if (/^[\w#$+./:@\\-]*[\w#$+./:@-]$/.test(arg)) return text;
  return `"${text.replace(/(\\*)("|$)/g, (_match, slashes: string, quote) => slashes + slashes + (quote && '""'))}"`;
}

const PERCENT = "REALPEER_PERCENT";

function throughCmd(line: string, { env }: WindowsFiles, variables: WindowsCommand["env"]): WindowsCommand {
  const file = env("ComSpec") ?? inSystemFolder("cmd.exe");
  if (line.length > MAX_LINE) {
    throw new WindowsCommandError("EINVAL", `cmd.exe reads ${MAX_LINE} characters at most, these are ${line.length}`);
  }
  // No AutoRun; extensions on and delayed expansion (`!`) off, whatever the registry says; /s strips the outer quotes.
  return { file, args: ["/d", "/e:on", "/v:off", "/s", "/c", `"${line}"`], isVerbatim: true, env: variables };
}

/**
 * How to run a program with these arguments, so that they arrive unchanged.
 *
 * @throws WindowsCommandError when there is no such program, or an argument cannot arrive unchanged
 */
export function windowsCommand([name = "", ...args]: readonly string[], files: WindowsFiles): WindowsCommand {
  const file = find(name, files);
  if (!/\.(bat|cmd)$/i.test(file)) return { file, args, isVerbatim: false, env: {} };
  const broken = args.find((arg) => /[\r\n\0]/.test(arg));
  if (broken !== undefined) {
    throw new WindowsCommandError(
      "EINVAL",
      `a batch file cannot be given a line break, as in ${JSON.stringify(broken)}`,
    );
  }
  const words = [file, ...args];
  const hasPercent = words.some((word) => word.includes("%"));
  return throughCmd(words.map(quoteForBatch).join(" "), files, hasPercent ? { [PERCENT]: "%" } : {});
}
