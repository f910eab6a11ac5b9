import { AsyncLocalStorage } from "node:async_hooks";
import { spawn, type StdioOptions } from "node:child_process";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The root of the source tree. */
export const root: string = fileURLToPath(new URL("..", import.meta.url).href);

/** The environment in which the tree's own deno, bun, tsc and so on are found first. */
export const environment: Record<string, string | undefined> = {
  ...process.env,
  PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
  // Deno reads node's built-in types from node_modules; nothing here may wait for a host that does not answer.
  DENO_NO_UPDATE_CHECK: "1",
};

function start(
  command: readonly string[],
  stdio: StdioOptions,
  onOutput: (text: string) => void = () => {},
): Promise<number> {
  const [file, ...args] = command as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, env: environment, stdio });
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", onOutput);
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** What a task that runs beside others has written so far. */
const output = new AsyncLocalStorage<string[]>();

/** Writes a line to standard output. */
export function print(line: string): void {
  const kept = output.getStore();
  if (kept === undefined) console.log(line);
  else kept.push(`${line}\n`);
}

/** Runs a task with what it prints and what its commands write kept back, for the caller to show at its time. */
export async function keepingOutput<Result>(task: () => Promise<Result>): Promise<{ result: Result; output: string }> {
  const kept: string[] = [];
  const result = await output.run(kept, task);
  return { result, output: kept.join("") };
}

/** Runs a command of the tree in view and resolves with its exit status; 1 when a signal ended it. */
export function run(command: readonly string[]): Promise<number> {
  const kept = output.getStore();
  if (kept === undefined) return start(command, ["ignore", "inherit", "inherit"]);
  return start(command, ["ignore", "pipe", "pipe"], (text) => kept.push(text));
}

/** The same, for a command that reads keys. */
export function interactively(command: readonly string[]): Promise<number> {
  return start(command, "inherit");
}

/** The same, out of view. */
export function quietly(command: readonly string[]): Promise<number> {
  return start(command, "ignore");
}

/** The same, with all it wrote. */
export async function capture(command: readonly string[]): Promise<{ status: number; output: string }> {
  let output = "";
  const status = await start(command, ["ignore", "pipe", "pipe"], (text) => output += text);
  return { status, output };
}
