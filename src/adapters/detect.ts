import type { PortableAdapter } from "../core/adapter.ts";
import type { Plan } from "../core/options.ts";

/** The socket type is the adapter's own affair. */
type AnyAdapter = PortableAdapter<unknown>;

const isDeno = "Deno" in globalThis;
const isBun = "Bun" in globalThis;

const imports = {
  deno: async (): Promise<AnyAdapter> => (await import("./deno.ts")).denoAdapter,
  bun: async (): Promise<AnyAdapter> => (await import("./bun.ts")).bunAdapter,
  patientBun: async (): Promise<AnyAdapter> => (await import("./bun_patient.ts")).patientBunAdapter,
  node: async (): Promise<AnyAdapter> => (await import("./node.ts")).nodeAdapter,
};
type Name = keyof typeof imports;
/** What was asked for so far, as a promise until it is there. */
const adapters = new Map<Name, AnyAdapter | Promise<AnyAdapter>>();

function load(name: Name): AnyAdapter | Promise<AnyAdapter> {
  const known = adapters.get(name);
  if (known !== undefined) return known;
  const loading = imports[name]();
  adapters.set(name, loading);
  loading.then((adapter) => adapters.set(name, adapter), () => {});
  return loading;
}

// Who imports this is about to connect. To load an adapter takes as long as ten attempts, which is better spent before
// the first; should it fail, that one says so.
load(isDeno ? "deno" : isBun ? "patientBun" : "node");

/**
 * The adapter of this runtime that can do what the plan asks: the runtime's own connect, or `node:net`, which all three
 * have, where that cannot bind the client end (Deno; Bun only undeclared and with both address and port). Bun cannot
 * give up a pending connect so that the process can end: calls that may have to have an adapter of their own there.
 */
function nameFor({ target, signal, timeout, attemptTimeout }: Plan): Name {
  if (target.localAddress !== undefined || target.localPort !== undefined) return "node";
  if (isDeno) return "deno";
  if (!isBun) return "node";
  const mayGiveUp = signal !== undefined || Math.min(timeout, attemptTimeout) < Infinity;
  return mayGiveUp ? "patientBun" : "bun";
}

/** Calls `use` with the adapter for this plan: at once where that is loaded. */
export function withAdapter<Result>(plan: Plan, use: (adapter: AnyAdapter) => Promise<Result>): Promise<Result> {
  const adapter = load(nameFor(plan));
  return adapter instanceof Promise ? adapter.then(use) : use(adapter);
}
