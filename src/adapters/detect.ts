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

const loadDeno = (): Promise<AnyAdapter> => load("deno", async () => (await import("./deno.ts")).denoAdapter);
const loadBun = (): Promise<AnyAdapter> => load("bun", async () => (await import("./bun.ts")).bunAdapter);
const loadNode = (): Promise<AnyAdapter> => load("node", async () => (await import("./node.ts")).nodeAdapter);

// Who imports this is about to connect. To load an adapter takes as long as ten attempts, which is better spent before
// the first; should it fail, that one says so.
("Deno" in globalThis ? loadDeno() : loadNode()).catch(() => {});

/**
 * The adapter of this runtime that can do what the plan asks: the runtime's own connect, or `node:net`, which all three
 * have, where that cannot bind the client end (Deno; Bun only undeclared and with both address and port) or give up a
 * pending connect so that the process can end (Bun).
 */
export function detectAdapter({ target, signal, timeout, attemptTimeout }: Plan): Promise<AnyAdapter> {
  const binds = target.localAddress !== undefined || target.localPort !== undefined;
  const mayGiveUp = signal !== undefined || Math.min(timeout, attemptTimeout) < Infinity;
  if ("Deno" in globalThis && !binds) return loadDeno();
  if ("Bun" in globalThis && !binds && !mayGiveUp) return loadBun();
  return loadNode();
}
