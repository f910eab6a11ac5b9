import { Socket } from "node:net";
import type { PortableAdapter } from "../core/adapter.ts";
import { bunAdapter } from "./bun.ts";
import { isConnectUnderWay } from "./bun_pending.ts";
import { nodeAdapter } from "./node.ts";

/** Only the kernel of this host answers there: silence after a refusal takes a full queue or a firewall that has changed. */
const LOOPBACK = /^(localhost|127\.[\d.]+|::1)$/;

/** Calls, each known by the signal its attempts share, whose port has refused. */
const refusing = new WeakSet<AbortSignal>();

function adapterOf(socket: unknown): PortableAdapter<unknown> {
  return socket instanceof Socket ? nodeAdapter as PortableAdapter<unknown> : bunAdapter;
}

/**
 * Bun's two ways to connect, for calls that may be given up: the connect of `node:net` can be, that of Bun cannot and
 * holds the process until the kernel gives up, but after a pause it costs half the processor time
 * (`npm run bench -- long-wait`). So `node:net` dials until the port of this very host has refused, which says that it
 * answers, and again after an attempt without an answer, whose signal is used up. And while one Bun.connect has not been
 * answered there is no second: whatever happens, that one is all that can be left.
 *
 * @internal
 * @ignore
 */
export const patientBunAdapter: PortableAdapter<unknown> = {
  runtime: "bun",
  async open(target, signal) {
    if (signal && refusing.has(signal) && !isConnectUnderWay()) return await bunAdapter.open(target, signal);
    try {
      return await nodeAdapter.open(target, signal);
    } catch (error) {
      const isRefused = (error as { code?: unknown } | null)?.code === "ECONNREFUSED";
      if (signal && isRefused && LOOPBACK.test(target.hostname)) refusing.add(signal);
      throw error;
    }
  },
  endpoints: (socket) => adapterOf(socket).endpoints(socket),
  localPort: (socket) => adapterOf(socket).localPort(socket),
  reset: (socket) => adapterOf(socket).reset(socket),
  close: (socket) => adapterOf(socket).close(socket),
  isStable: (socket, ms, signal) => adapterOf(socket).isStable(socket, ms, signal),
  publish: bunAdapter.publish,
  wire: (socket) => adapterOf(socket).wire(socket),
};
