import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { readStat } from "../../host/process_system.ts";
import { cannotRun, type Child } from "./system.ts";

/** The descriptor of the pipe in the program: scripts use those of one digit, and bash 63 and 255. */
const PIPE_FD = 100;

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

/**
 * Starts a program that shares the three streams, on Node.
 *
 * Node has no names for real-time signals: it reports a program ended by one as exited with 0. On Linux the program
 * also gets one end of a pipe. When the program ends, the kernel closes the pipe before it notifies the parent, and
 * libuv polls pipes before it waits for children, so /proc still shows the program with its status.
 */
export function startOnNode(command: readonly string[], hasPipe: boolean = process.platform === "linux"): Child {
  const [file = "", ...args] = command;
  // "ignore" opens nothing from 3 on.
  const unused = new Array<"ignore">(PIPE_FD - 3).fill("ignore");
  const stdio: StdioOptions = ["inherit", "inherit", "inherit", ...(hasPipe ? [...unused, "pipe" as const] : [])];
  let child: ChildProcess;
  try {
    child = spawn(file, args, { stdio });
  } catch (error) {
    // Where few open files are allowed there is no such descriptor.
    if (hasPipe && (error as NodeJS.ErrnoException).code === "EINVAL") return startOnNode(command, false);
    // Node throws some errors, such as ETXTBSY, instead of emitting an event.
    throw cannotRun(file, error);
  }
  let unnamed = 0;
  const pipe = (child.stdio as readonly (Readable | Writable | null | undefined)[])[PIPE_FD];
  // Not 'close': that comes at the end of the loop's turn, in which libuv may have taken the status.
  pipe?.on("error", () => {}).on("end", () => {
    if (child.pid !== undefined && child.exitCode === null) unnamed = signalThatEnded(child.pid);
  });
  if (pipe && "resume" in pipe) pipe.resume();
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", (error) => reject(cannotRun(file, error)));
    child.once("exit", (code, signal) => {
      if (signal !== null) resolve(128 + constants.signals[signal]);
      else resolve(code === 0 && unnamed > 0 ? 128 + unnamed : code ?? 0);
    });
  });
  return { kill: (signal) => void child.kill(signal), ended };
}
