import { writeSync } from "node:fs";
import process from "node:process";
import { cannotRun, type Output, outputOf, type System } from "./system.ts";

const exit = (status: number): void => process.exit(status);

/** The stream objects of node: are asked only what a file descriptor does not tell: to make one is slow. */
function output(fd: 1 | 2, stream: () => NodeJS.WriteStream): Output {
  return outputOf((bytes) => writeSync(fd, bytes), () => stream().isTTY === true, () => stream().columns, exit);
}

/** What follows the script's name; `node --eval` has no such name, as parseArgs knows too. */
function ownArgs(): string[] {
  const isEval = process.execArgv.some((flag) => /^(-e|-p|-pe|--eval|--print)(=|$)/.test(flag));
  return process.argv.slice(isEval ? 1 : 2);
}

/** Node and Bun. */
export const system: System = {
  args: ownArgs(),
  stdout: output(1, () => process.stdout),
  stderr: output(2, () => process.stderr),
  isInteractive: () => process.stdin.isTTY === true,
  env: (name) => process.env[name],
  onSignal(name, listener) {
    process.on(name, listener);
    return () => process.off(name, listener);
  },
  async start([file = "", ...args]) {
    const { spawn } = await import("node:child_process");
    const { constants } = await import("node:os");
    const child = spawn(file, args, { stdio: "inherit" });
    const ended = new Promise<number>((resolve, reject) => {
      child.once("error", (error) => reject(cannotRun(file, error)));
      child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
    return { kill: (signal) => void child.kill(signal), ended };
  },
  exit,
};
