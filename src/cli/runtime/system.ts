/** One of the streams that people read. */
export interface Output {
  /** Writes all of it before it returns. */
  write(text: string): void;
  isTerminal(): boolean;
  /** How many characters a line of the terminal has; 80 where that is unknown. */
  columns(): number;
}

/** The signals that end a program, and their numbers. */
export const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type SignalName = keyof typeof SIGNALS;
export const SIGNAL_NAMES = Object.keys(SIGNALS) as readonly SignalName[];

/** A program that was started. */
export interface Child {
  kill(signal: SignalName): void;
  /** Its exit status, or 128 and the number of the signal that ended it; rejects when it could not be started. */
  readonly ended: Promise<number>;
}

/**
 * What the commands need of the runtime. Each has its own, because to start `node:` streams and processes takes Deno
 * longer than all the rest of a short `realpeer wait`.
 */
export interface System {
  readonly args: readonly string[];
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether somebody sits at the terminal that input comes from. */
  isInteractive(): boolean;
  /** The value of an environment variable; undefined also where it may not be read. */
  env(name: string): string | undefined;
  /** Calls the listener instead of what the signal does by default, until the returned function is called. */
  onSignal(name: SignalName, listener: () => void): () => void;
  /** Starts a program, without a shell, that shares the three streams. */
  start(command: readonly string[]): Promise<Child>;
  exit(status: number): void;
}

/** How long a reader that cannot keep up is given before the next try. */
const PIPE_PAUSE_MS = 5;
const BROKEN_PIPE_STATUS = 128 + 13;

/** An Output over a system call that may write only part of what it is given. */
export function outputOf(
  writeSome: (bytes: Uint8Array) => number,
  isTerminal: () => boolean,
  columns: () => number | undefined,
  exit: (status: number) => void,
): Output {
  const encoder = new TextEncoder();
  return {
    write(text) {
      for (let bytes = encoder.encode(text); bytes.length > 0;) {
        try {
          bytes = bytes.subarray(writeSome(bytes));
        } catch (error) {
          const { code, name } = error as { code?: unknown; name?: unknown };
          // Whoever read, such as `head`, has enough.
          if (code === "EPIPE" || name === "BrokenPipe") return exit(BROKEN_PIPE_STATUS);
          if (code !== "EAGAIN" && name !== "WouldBlock") throw error;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_PAUSE_MS);
        }
      }
    },
    isTerminal,
    columns: () => columns() || 80,
  };
}

/** What there is to say when a command cannot be run, from the runtime's own error. */
export function cannotRun(file: string, error: unknown): Error {
  const { code, name } = error as { code?: unknown; name?: unknown };
  const reason = code === "ENOENT" || name === "NotFound"
    ? "there is no such program"
    : code === "EACCES" || name === "PermissionDenied"
    ? "it may not be executed"
    : (error as Error).message;
  return new Error(`Cannot run ${file}: ${reason}`, { cause: error });
}
