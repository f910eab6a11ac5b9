import type { Adapter } from "../core/adapter.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { isRetriable } from "../core/retry.ts";
import { assertBindable, PortTakenError } from "../host/bindable.ts";
import { withWayOut } from "./proc_access.ts";

/** A privileged port does not become free by waiting. */
export function mayBecomeFree(error: unknown): boolean {
  return error instanceof PortTakenError ? error.code !== "EACCES" : isRetriable(error);
}

/** The same promise, unless the signal is first; what is then still under way comes to nothing by itself. */
function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", onAbort));
  });
}

/**
 * "Opens" a target when a server could bind it: with that the attempts, pauses and limits of `wait --free` are those of
 * connecting. Without a hostname the server binds every address.
 */
export function freeAdapter(hostname: string | undefined): Adapter<Endpoint> {
  return {
    runtime: "node",
    async open(target, signal) {
      try {
        await unlessAborted(assertBindable(target.port, hostname), signal);
      } catch (error) {
        throw (error as Error).name === "NotCapable" ? withWayOut(error) : error;
      }
      return target;
    },
    endpoints: (target) => ({ local: { hostname: "", port: 0 }, remote: target }),
    localPort: () => undefined,
    reset() {},
    close() {},
    isStable: () => Promise.resolve(true),
    publish() {},
  };
}
