/**
 * How Windows is told to run a program. CreateProcess itself knows neither PATHEXT nor batch files, and a batch file has its
 * arguments read by cmd.exe, by other rules than every other program (Node refuses since CVE-2024-27980 to start one).
 */

import { statSync } from "node:fs";
import process from "node:process";

/** What the search needs of the system. */
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
        // There is none, or the name cannot be one of a file.
        return false;
      }
    },
  };
}

/** What to start, and how. */
export interface WindowsCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Whether `args` are parts of a command line as they are, without another round of quotes. */
  readonly isVerbatim: boolean;
  /** Variables that the command line needs. */
  readonly env: Readonly<Record<string, string>>;
}

/** A program that cannot be run; `code` says why, as spawn does elsewhere. */
export class WindowsCommandError extends Error {
  override readonly name = "WindowsCommandError";
  readonly code: "ENOENT" | "EACCES" | "EINVAL";

  constructor(code: WindowsCommandError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The kinds of files that Windows itself or cmd.exe runs. Others of PATHEXT, such as .JS, are opened by another program. */
const RUNNABLE: readonly string[] = [".com", ".exe", ".bat", ".cmd"];
/** What cmd.exe reads at most. */
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

/** The file that a name means: as it is where it has an ending, else with those of PATHEXT. */
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
 * One argument as cmd.exe and then the program behind the batch file read it. Inside of quotes cmd.exe gives no character a
 * meaning but `%`, also when the batch file passes its arguments on as %*; `""` is a quote to the C runtime and leaves
 * cmd.exe inside. What a variable holds is not expanded again, so `%` comes from a variable.
 */
function quoteForBatch(arg: string): string {
  const text = arg.replaceAll("%", `%${PERCENT}%`);
  if (/^[\w#$+./:@\\-]*[\w#$+./:@-]$/.test(arg)) return text;
  return `"${text.replace(/(\\*)("|$)/g, (_match, slashes: string, quote) => slashes + slashes + (quote && '""'))}"`;
}

const PERCENT = "REALPEER_PERCENT";

function throughCmd(line: string, { env }: WindowsFiles, variables: WindowsCommand["env"]): WindowsCommand {
  const file = env("ComSpec") ?? `${env("SystemRoot") ?? "C:\\Windows"}\\System32\\cmd.exe`;
  if (line.length > MAX_LINE) {
    throw new WindowsCommandError("EINVAL", `cmd.exe reads ${MAX_LINE} characters at most, these are ${line.length}`);
  }
  // No AutoRun; extensions on, delayed expansion (`!`) off, regardless of the registry; the outermost quotes go.
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
