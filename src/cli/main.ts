#!/usr/bin/env node
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
import type { System } from "./runtime/system.ts";

async function loadSystem(): Promise<System> {
  return "Deno" in globalThis ? (await import("./runtime/deno.ts")).system : (await import("./runtime/node.ts")).system;
}

async function main(): Promise<void> {
  const system = await loadSystem();
  // A name that is still being looked up would hold the process until the resolver gives up.
  system.exit(await runCommandLine(system));
}

void main();
