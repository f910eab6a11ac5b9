import type { System } from "./system.ts";

/** Loads the `System` of this runtime. */
export async function loadSystem(): Promise<System> {
  return "Deno" in globalThis ? (await import("./deno.ts")).system : (await import("./node.ts")).system;
}
