import { type ChildProcess, spawn } from "node:child_process";
import { windowsCommand, windowsFiles } from "../../host/windows_command.ts";
import { cannotRun, type Child } from "./system.ts";

function spawnResolved(command: readonly string[]): ChildProcess {
  const { file, args, isVerbatim, env } = windowsCommand(command, windowsFiles());
  return spawn(file, args, {
    stdio: "inherit",
    windowsVerbatimArguments: isVerbatim,
    env: { ...process.env, ...env },
  });
}

/**
 * Starts a program that shares the three streams, on Node and Bun for Windows: Node neither finds a batch file by its
 * bare name nor starts one, and Bun starts only some. (Deno finds and quotes commands in the way of Rust.)
 */
export function startOnWindows(command: readonly string[]): Promise<Child> {
  return new Promise((resolve, reject) => {
    try {
      const child = spawnResolved(command);
      const ended = new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
      child.once("error", (error) => reject(cannotRun(command[0] ?? "", error)));
      // `kill` does nothing: the console itself notifies the program.
      child.once("spawn", () => resolve({ kill() {}, ended }));
    } catch (error) {
      reject(cannotRun(command[0] ?? "", error));
    }
  });
}
