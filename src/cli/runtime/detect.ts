import type { System } from "./system.ts";

/** What the command needs of the runtime that runs it. */
export async function loadSystem(): Promise<System> {
  return "Deno" in globalThis ? (await import("./deno.ts")).system : (await import("./node.ts")).system;
}
