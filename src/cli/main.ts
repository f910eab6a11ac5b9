/**
 * The `realpeer` command: loading this module runs it, with the process's arguments.
 *
 * @example
 * ```sh
 * deno run --allow-net jsr:@realpeer/tcp/cli wait localhost:5432
 * ```
 *
 * @module
 */
import { runCommandLine } from "./command_line.ts";
import { loadSystem } from "./runtime/detect.ts";

async function main(): Promise<void> {
  const system = await loadSystem();
  // A pending name lookup would keep the process alive until the resolver gives up.
  system.exit(await runCommandLine(system));
}

void main();
