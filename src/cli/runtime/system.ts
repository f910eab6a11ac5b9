import { isGranted, isLinux, isWindows } from "../../adapters/detect.ts";
import type { StartLeader } from "../../host/start_server.ts";

/** Standard output or standard error. */
export interface Output {
  /** Writes the whole text before it returns. */
  write(text: string): void;
  isTerminal(): boolean;
  /** The width of the terminal in characters; 80 if unknown. */
  columns(): number;
}

/** The signals that end a program, and their numbers; SIGBREAK is Ctrl-Break, which only Windows has. */
export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: (isLinux ? 10 : 30) as number,
  SIGUSR2: (isLinux ? 12 : 31) as number,
  SIGTERM: 15,
  SIGBREAK: 21,
} as const;
export type EndSignalName = keyof typeof SIGNALS;
export const END_SIGNAL_NAMES = Object.keys(SIGNALS) as readonly EndSignalName[];
/** The signals that are passed on to COMMAND. */
export type SignalName = EndSignalName | "SIGWINCH";
export const FORWARDED_SIGNAL_NAMES: readonly SignalName[] = [...END_SIGNAL_NAMES, "SIGWINCH"];

/** A program that was started. */
export interface Child {
  /**
   * Sends a signal; does nothing on Windows. There the console itself notifies every attached program of Ctrl-C,
   * Ctrl-Break and its closing, and a runtime's signal to another process would end that process at once.
   */
  kill(signal: SignalName): void;
  /** The exit status, or 128 plus the number of the signal that ended it; rejects when it could not be started. */
  readonly ended: Promise<number>;
}

/**
 * The functions of the runtime that the commands need. Each runtime has its own, because on Deno `node:` streams and
 * processes take longer to load than all the rest of a short `realpeer wait`.
 */
export interface System {
  readonly args: readonly string[];
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether input comes from a terminal. */
  isInteractive(): boolean;
  /** The value of an environment variable; undefined when it is not set or may not be read. */
  env(name: string): string | undefined;
  /** What the environment of a program that is started has to have besides that of this process. */
  missingEnv(): Readonly<Record<string, string>>;
  /** Calls the listener instead of the signal's default action, until the returned function is called. */
  onSignal(name: SignalName, listener: () => void): () => void;
  /** Starts a program, without a shell, that shares the three streams. */
  start(command: readonly string[]): Promise<Child>;
  /** Starts the first process of a server; left out where node:child_process reports every status. */
  readonly startLeader?: StartLeader;
  exit(status: number): void;
}

/** The pause before the next try to write to a slow reader. */
const PIPE_PAUSE_MS = 5;

/** Whether the reader of a pipe, such as `head`, has gone. */
export function isBrokenPipe(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return code === "EPIPE" || name === "BrokenPipe";
}

/**
 * An Output over a system call that may write only a part of its bytes. If the stream has only messages, a failure is
 * ignored: a closed terminal, a full disk, a reader that has gone.
 */
export function outputOf(
  writeSome: (bytes: Uint8Array) => number,
  isTerminal: () => boolean,
  columns: () => number | undefined,
  hasOnlyMessages: boolean,
): Output {
  const encoder = new TextEncoder();
  return {
    write(text) {
      for (let bytes = encoder.encode(text); bytes.length > 0;) {
        try {
          bytes = bytes.subarray(writeSome(bytes));
        } catch (error) {
          const { code, name } = error as { code?: unknown; name?: unknown };
          if (code !== "EAGAIN" && name !== "WouldBlock") {
            if (hasOnlyMessages) return;
            if (isBrokenPipe(error)) throw error;
            throw new Error(`Cannot write to standard output: ${(error as Error).message}`, { cause: error });
          }
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_PAUSE_MS);
        }
      }
    },
    isTerminal,
    columns: () => columns() || 80,
  };
}

/** A command cannot be run; `status` is the exit status of shells in this case. */
export class CannotRunError extends Error {
  override readonly name = "CannotRunError";
  readonly status: 126 | 127;

  constructor(file: string, reason: string, status: 126 | 127, cause: unknown) {
    super(`Cannot run ${file}: ${reason}`, { cause });
    this.status = status;
  }
}

/** Whether the command is the path of a file. Windows starts files of some names only, without an interpreter. */
function isFile(path: string): boolean {
  const mayExist = path.includes("/") && !isWindows && isGranted({ name: "read", path });
  // Loaded here because a command that runs does not need this module.
  return mayExist && process.getBuiltinModule("node:fs").existsSync(path);
}

/** The error for a command that cannot be run, from the runtime's own error. */
export function cannotRun(file: string, error: unknown): Error {
  const { code, name, message } = error as Error & { code?: unknown };
  // Deno lacks the permission to run the command.
  if (name === "NotCapable") return error as Error;
  if (code === "ENOENT" || code === "ENAMETOOLONG" || name === "NotFound") {
    const reason = isFile(file) ? "its interpreter is missing" : "there is no such program";
    return new CannotRunError(file, reason, 127, error);
  }
  const isDenied = name !== "WindowsCommandError" && (code === "EACCES" || name === "PermissionDenied");
  return new CannotRunError(file, isDenied ? "it may not be executed" : message, 126, error);
}
