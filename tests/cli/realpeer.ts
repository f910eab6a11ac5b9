import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { noProc } from "../fixtures/system.ts";
import { COMMAND, commandFor, type Finished, root, run, type RunOptions, runtime } from "../fixtures/runtime.ts";

/** The command line of `realpeer` on this runtime. */
export function realpeer(...args: string[]): string[] {
  return commandFor(COMMAND, args);
}

/** Runs `realpeer` to its end. */
export async function runRealpeer(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return withStatus(await run(realpeer(...args), options));
}

/** Deno's node:child_process takes an exit status over 128 for the signal that shells mean by it. */
function withStatus(finished: Finished): Finished {
  const { code, signal } = finished;
  if (runtime !== "deno" || code !== null || signal === null) return finished;
  return { ...finished, code: 128 + constants.signals[signal], signal: null };
}

/** A program that was started and can be sent signals. */
export interface Started {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with everything standard output has said so far once that contains the text. */
  says(text: string): Promise<string>;
  /** Resolves once the program listens to the signals that end it. */
  listensToSignals(): Promise<void>;
  readonly finished: Promise<Finished>;
}

/** Waits for longer than the command takes to start, where nothing tells that it has. */
async function startUpTime(): Promise<void> {
  const before = performance.now();
  await run(realpeer("--version"));
  await new Promise((resolve) => setTimeout(resolve, 2 * (performance.now() - before)));
}

/** Whether the process has a handler of its own for SIGHUP, which no runtime has by itself. */
function catchesHangUp(pid: number): boolean {
  const [, mask = "0"] = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (BigInt(`0x${mask}`) & 1n) === 1n;
}

/** Starts a command whose standard input is empty. */
export function start(command: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const [file, ...args] = command as [string, ...string[]];
  const child = spawn(file, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const { pid = 0 } = child;
  let stdout = "";
  let stderr = "";
  let wake = (): void => {};
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    wake();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve(withStatus({ code, signal, stdout, stderr }));
      wake();
    });
  });
  return {
    pid,
    // Deno's child.kill() makes the child's end look like the work of that signal, whatever came of it.
    kill: (signal) => void process.kill(pid, signal),
    async says(text) {
      while (!stdout.includes(text)) {
        if (child.exitCode !== null) {
          throw new Error(`${command.join(" ")} ended without "${text}": ${stdout}${stderr}`);
        }
        await new Promise<void>((resolve) => wake = resolve);
      }
      return stdout;
    },
    async listensToSignals() {
      if (noProc) return await startUpTime();
      while (!catchesHangUp(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    finished,
  };
}
