import { isBun, isDeno } from "./detect.ts";
import type { PortableAdapter } from "../core/byte_stream.ts";
import type { ResolvedOptions } from "../core/options.ts";

/** Only the adapter knows the type of its sockets. */
type AnyAdapter = PortableAdapter<unknown>;

const imports = {
  deno: async (): Promise<AnyAdapter> => (await import("./deno/portable.ts")).denoAdapter as AnyAdapter,
  bun: async (): Promise<AnyAdapter> => (await import("./bun/portable.ts")).bunAdapter as AnyAdapter,
  node: async (): Promise<AnyAdapter> => (await import("./node/portable.ts")).nodeAdapter as AnyAdapter,
};
type Name = keyof typeof imports;
/** The adapters requested so far; a promise while one is being loaded. */
const adapters = new Map<Name, AnyAdapter | Promise<AnyAdapter>>();

function load(name: Name): AnyAdapter | Promise<AnyAdapter> {
  const known = adapters.get(name);
  if (known !== undefined) return known;
  const loading = imports[name]();
  adapters.set(name, loading);
  loading.then((adapter) => adapters.set(name, adapter), () => {});
  return loading;
}

// Loading an adapter takes much longer than an attempt, so it begins when this module is imported. The first call
// reports a failure.
load(isDeno ? "deno" : isBun ? "bun" : "node");

/**
 * The adapter for these options: that of the runtime's own connect if it can do what they ask, else that of `node:net`,
 * which all three runtimes have. Deno's cannot bind the client end; Bun's can only by undeclared options, address and
 * port together. Bun's cannot give up a pending connect so that the process can end.
 */
function nameFor({ target, mayGiveUp }: ResolvedOptions): Name {
  if (target.localAddress !== undefined || target.localPort !== undefined) return "node";
  if (isDeno) return "deno";
  return isBun && !mayGiveUp ? "bun" : "node";
}

/** Calls `use` with the adapter for these options, synchronously if it is loaded. */
export function withAdapter<Result>(
  options: ResolvedOptions,
  use: (adapter: AnyAdapter) => Promise<Result>,
): Promise<Result> {
  const adapter = load(nameFor(options));
  return adapter instanceof Promise ? adapter.then(use) : use(adapter);
}
