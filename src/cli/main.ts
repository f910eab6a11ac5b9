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
import { isDeno } from "../adapters/detect.ts";
import { runCommandLine } from "./command_line.ts";

async function main(): Promise<void> {
  const { system } = isDeno ? await import("./runtime/deno.ts") : await import("./runtime/node.ts");
  // A pending name lookup would keep the process alive until the resolver gives up.
  system.exit(await runCommandLine(system));
}

void main();
