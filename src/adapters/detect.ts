import type { PortableAdapter } from "../core/adapter.ts";
import type { Plan } from "../core/options.ts";

/** The socket type is the adapter's own affair. */
type AnyAdapter = PortableAdapter<unknown>;

const loaded = new Map<string, Promise<AnyAdapter>>();

function load(name: string, importAdapter: () => Promise<AnyAdapter>): Promise<AnyAdapter> {
  const adapter = loaded.get(name) ?? importAdapter();
  loaded.set(name, adapter);
  return adapter;
}

/**
 * The adapter of this runtime that can do what the plan asks: the runtime's own connect, or `node:net`, which all three
 * have, where that cannot bind the client end (Deno; Bun only undeclared and with both address and port) or give up a
 * pending connect so that the process can end (Bun).
 */
export function detectAdapter({ target, signal, timeout, attemptTimeout }: Plan): Promise<AnyAdapter> {
  const binds = target.localAddress !== undefined || target.localPort !== undefined;
  const mayGiveUp = signal !== undefined || Math.min(timeout, attemptTimeout) < Infinity;
  if ("Deno" in globalThis && !binds) return load("deno", async () => (await import("./deno.ts")).denoAdapter);
  if ("Bun" in globalThis && !binds && !mayGiveUp) {
    return load("bun", async () => (await import("./bun.ts")).bunAdapter);
  }
  return load("node", async () => (await import("./node.ts")).nodeAdapter);
}
