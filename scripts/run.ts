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

/** Runs a command of the tree in view and resolves with its exit status; 1 when a signal ended it. */
export function run(command: readonly string[]): Promise<number> {
  return start(command, ["ignore", "inherit", "inherit"]);
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
