/** Every guarded connect there is on this runtime, under one signature. */
import type { ConnectOptions } from "../../mod.ts";
import { connect } from "../../mod.ts";
import { connect as nodeConnect } from "../../src/adapters/node.ts";
import { runtime } from "../fixtures/runtime.ts";

/** A connection as far as all of them have it in common here. */
export interface Opened {
  readonly local: { readonly port: number };
  close(): void | Promise<void>;
}

export type AnyConnect = (options: ConnectOptions) => Promise<Opened>;

export const connects: Record<string, AnyConnect> = {
  portable: connect,
  node: async (options) => {
    const socket = await nodeConnect(options);
    return { local: { port: socket.localPort! }, close: () => void socket.destroy() };
  },
};
if (runtime === "deno") {
  const { connect } = await import("../../src/adapters/deno.ts");
  connects["deno"] = async ({ localAddress: _, localPort: __, ...options }) => {
    const conn = await connect(options);
    return { local: conn.localAddr as Deno.NetAddr, close: () => conn.close() };
  };
}
if (runtime === "bun") {
  const { connect } = await import("../../src/adapters/bun.ts");
  connects["bun"] = async (options) => {
    const socket = await connect({ ...options, socket: { data() {} } });
    return { local: { port: socket.localPort }, close: () => void socket.terminate() };
  };
}
