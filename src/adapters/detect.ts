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
 * have, where that cannot bind the client end (Deno) or give up a pending connect so that the process can end (Bun).
 */
export function detectAdapter(plan: Plan): Promise<AnyAdapter> {
  if ("Deno" in globalThis) {
    const binds = plan.target.localAddress !== undefined || plan.target.localPort !== undefined;
    if (!binds) return load("deno", async () => (await import("./deno.ts")).denoAdapter);
  } else if ("Bun" in globalThis) {
    const mayGiveUp = plan.signal !== undefined || Math.min(plan.timeout, plan.attemptTimeout) < Infinity;
    if (!mayGiveUp) return load("bun", async () => (await import("./bun.ts")).bunAdapter);
  }
  return load("node", async () => (await import("./node.ts")).nodeAdapter);
}
