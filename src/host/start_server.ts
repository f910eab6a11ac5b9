import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { closeSync, constants as fs, openSync, statSync } from "node:fs";
import { constants } from "node:os";
import { ProcessTree } from "./process_tree.ts";
import { inSystemFolder } from "./system_folder.ts";
import { chooseMark } from "./tree_mark.ts";

/** Where the output of a server goes. */
export interface ServerOptions {
  /** A file for both streams; it is emptied first. */
  readonly log?: string | undefined;
  /** Whether standard output goes to standard error, because this process needs its own standard output. */
  readonly isOutputTaken?: boolean | undefined;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly platform?: string | undefined;
  /** How to start its first process, where node:child_process is not told every status. */
  readonly startLeader?: StartLeader | undefined;
}

/** The first process of a server. */
export interface Leader {
  readonly pid: number;
  /** Its exit status, or 128 plus the number of the signal that ended it. */
  readonly ended: Promise<number>;
}

/** What node:child_process takes of the options of a leader; standard input is a pipe that stays open. */
export interface LeaderOptions extends Pick<SpawnOptions, "detached" | "env" | "windowsVerbatimArguments"> {
  readonly stdio: readonly ["pipe", stdout: number, stderr: number];
}

/** Starts the first process of a server; rejects when there is no such program. */
export type StartLeader = (command: readonly string[], options: LeaderOptions) => Promise<Leader>;

/** A started server, with all its descendants. */
export interface Server {
  readonly tree: ProcessTree;
  /** The exit status of the shell that runs it, or 128 plus the number of the signal that ended it. */
  readonly ended: Promise<number>;
  /** Kept, because it may hold the pipe that is the server's standard input. */
  readonly leader: Leader;
}

/**
 * Sets a mark that all descendants inherit, then becomes the shell that runs the command line, so the shell's messages
 * do not change. The mark is a soft limit on file locks: Linux has not enforced RLIMIT_LOCKS since 2.4 (getrlimit(2)),
 * but keeps it and shows it in /proc/PID/limits, also for daemons and setuid programs. The option is -w in dash, -x in
 * bash and ksh.
 */
const MARK_AND_RUN = `{ ulimit -S -w "$2" || ulimit -S -x "$2"; } 2>/dev/null; exec "$0" -c "$1"`;

/** The system's shell with a command line. */
export function shellCommand(
  commandLine: string,
  mark: number | null,
  platform: string = process.platform,
  shell: string = "/bin/sh",
): readonly [file: string, ...args: string[]] {
  if (platform === "win32") {
    return [process.env["ComSpec"] ?? inSystemFolder("cmd.exe"), "/d", "/s", "/c", `"${commandLine}"`];
  }
  if (mark === null) return [shell, "-c", commandLine];
  return [shell, "-c", MARK_AND_RUN, shell, commandLine, String(mark)];
}

/**
 * Deno has no names for real-time signals: where one ends a child process, Deno's node:child_process makes no event but
 * rejects a promise that no code handles, which would end this process. On Node and Bun, where it reports such an end as
 * status 0, `StartLeader` has another implementation.
 */
function onUnnamedSignal(callback: (number: number) => void): void {
  globalThis.addEventListener?.("unhandledrejection", (event) => {
    const { reason } = event as Event & { readonly reason?: { readonly message?: unknown } };
    const [, number] = /^Invalid signal: (\d+)$/.exec(String(reason?.message)) ?? [];
    if (number === undefined) return;
    event.preventDefault();
    callback(Number(number));
  });
}

/** Resolves once the process has been started. */
export function leaderOf(child: ChildProcess, ended: Promise<number>): Promise<Leader> {
  child.stdin?.on("error", () => {});
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => {
      const { pid } = child;
      if (pid !== undefined) resolve({ pid, ended });
    });
  });
}

function startByNodeModule([file = "", ...args]: readonly string[], options: LeaderOptions): Promise<Leader> {
  const child = spawn(file, args, { ...options, stdio: [...options.stdio] });
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    onUnnamedSignal((number) => resolve(128 + number));
  });
  return leaderOf(child, ended);
}

/** Empties the file and opens it for appending: another program may write there too. */
function openLog(file: string): number {
  try {
    const isFifo = statSync(file, { throwIfNoEntry: false })?.isFIFO() ?? false;
    // Opening a FIFO waits for a reader for ever, unless it is told not to: then it fails with ENXIO.
    closeSync(openSync(file, isFifo ? fs.O_WRONLY | fs.O_NONBLOCK : "w"));
    return openSync(file, "a");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENXIO" ? "no program reads the FIFO" : message;
    throw new Error(`Cannot write the log ${file}: ${reason}`, { cause: error });
  }
}

/**
 * Starts a command line with the system's shell, as leader of its own session: it gets no input from the terminal, and
 * Ctrl-C does not reach it. Its standard input is a pipe that stays open: programs that watch their input, such as
 * `esbuild --watch`, exit when it closes.
 *
 * @throws Error when there is no shell, or the log cannot be written
 */
export async function startServer(commandLine: string, options: ServerOptions = {}): Promise<Server> {
  const { log, isOutputTaken = false, env, platform = process.platform, startLeader = startByNodeModule } = options;
  const mark = platform === "linux" ? chooseMark(Math.random()) : null;
  const command = shellCommand(commandLine, mark, platform);
  const logFd = log === undefined ? undefined : openLog(log);
  const isWindows = platform === "win32";
  try {
    const leader = await startLeader(command, {
      detached: !isWindows,
      stdio: ["pipe", logFd ?? (isOutputTaken ? 2 : 1), logFd ?? 2],
      windowsVerbatimArguments: isWindows,
      env: { ...process.env, ...env },
    });
    return { tree: new ProcessTree({ pid: leader.pid, mark }), ended: leader.ended, leader };
  } finally {
    if (logFd !== undefined) closeSync(logFd);
  }
}
