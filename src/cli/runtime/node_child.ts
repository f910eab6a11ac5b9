import { type ChildProcess, spawn, type SpawnOptions, type StdioPipe } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { readStat } from "../../host/process_system.ts";
import { type Leader, leaderOf, type LeaderOptions } from "../../host/start_server.ts";
import { cannotRun, type Child } from "./system.ts";

/**
 * The descriptor of the pipe in the program, and another where few open files are allowed: scripts use those of one
 * digit, and bash 63 and 255.
 */
const PIPE_FDS: readonly number[] = process.platform === "linux" ? [100, 20] : [];

/** The longest time from the closing of a process's files to its end. */
const ENDING_MS = 50;

/** The number of the signal that ended a child process, before the child has been waited for; 0 for none. */
function signalThatEnded(pid: number): number {
  const deadline = performance.now() + ENDING_MS;
  const never = new Int32Array(new SharedArrayBuffer(4));
  do {
    const stat = readStat(pid);
    if (stat === null) return 0;
    if (stat.waitStatus !== null) return stat.waitStatus & 0x7f;
    // Sleeps without a turn of the event loop, in which libuv would take the status first.
    Atomics.wait(never, 0, 0, 1);
  } while (performance.now() < deadline);
  return 0;
}

/** The options of a program, with its three streams. */
interface Options extends Omit<SpawnOptions, "stdio"> {
  readonly stdio: readonly ("inherit" | "pipe" | number)[];
}

/** A process that was started, perhaps in vain: that is an event of `child`, and a rejection of `ended`. */
interface Spawned {
  readonly child: ChildProcess;
  readonly ended: Promise<number>;
}

/**
 * Starts a program on Node.
 *
 * Node has no names for real-time signals: it reports a program ended by one as exited with 0. On Linux the program
 * also gets one end of a pipe. When the program ends, the kernel closes the pipe before it notifies the parent, and
 * libuv polls pipes before it waits for children, so /proc still shows the program with its status. Where a process
 * that the program has started still holds the pipe, the status remains 0.
 */
function spawnOnNode(command: readonly string[], options: Options, pipeFds: readonly number[]): Spawned {
  const [file = "", ...args] = command;
  const [pipeFd, ...otherFds] = pipeFds;
  const stdio: (StdioPipe | "inherit" | "ignore" | number)[] = [...options.stdio];
  if (pipeFd !== undefined) {
    // "ignore" opens nothing from 3 on.
    while (stdio.length < pipeFd) stdio.push("ignore");
    stdio.push("pipe");
  }
  let child: ChildProcess;
  try {
    child = spawn(file, args, { ...options, stdio });
  } catch (error) {
    // There is no descriptor of this number.
    const isTooHigh = pipeFd !== undefined && (error as NodeJS.ErrnoException).code === "EINVAL";
    if (isTooHigh) return spawnOnNode(command, options, otherFds);
    throw error;
  }
  const streams: unknown = child.stdio;
  if (streams === undefined && pipeFd !== undefined) {
    // Too few descriptors are free: Node makes no streams, and an event of the error. Without the pipe they may suffice.
    child.once("error", () => {});
    return spawnOnNode(command, options, []);
  }
  let unnamed = 0;
  const pipe = pipeFd === undefined ? undefined : (streams as readonly (Readable | Writable | null)[])[pipeFd];
  // Not 'close': that comes at the end of the loop's turn, in which libuv may have taken the status.
  pipe?.on("error", () => {}).on("end", () => {
    if (child.pid !== undefined && child.exitCode === null) unnamed = signalThatEnded(child.pid);
  });
  if (pipe && "resume" in pipe) pipe.resume();
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (signal !== null) resolve(128 + constants.signals[signal]);
      else resolve(code === 0 && unnamed > 0 ? 128 + unnamed : code ?? 0);
    });
  });
  return { child, ended };
}

/** Starts a program that shares the three streams. */
export function startOnNode(command: readonly string[]): Child {
  const failed = (error: unknown): never => {
    throw cannotRun(command[0] ?? "", error);
  };
  try {
    const { child, ended } = spawnOnNode(command, { stdio: ["inherit", "inherit", "inherit"] }, PIPE_FDS);
    return { kill: (signal) => void child.kill(signal), ended: ended.catch(failed) };
  } catch (error) {
    // Of some errors, such as ETXTBSY, Node makes no event.
    return failed(error);
  }
}

/** Starts the first process of a server. */
export function startLeaderOnNode(command: readonly string[], options: LeaderOptions): Promise<Leader> {
  const { child, ended } = spawnOnNode(command, options, PIPE_FDS);
  ended.catch(() => {});
  return leaderOf(child, ended);
}
