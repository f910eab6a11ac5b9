import type { Adapter, Attempt, Target } from "../core/attempt.ts";
import { isRetriable } from "../core/errors.ts";
import { assertBindable, PortTakenError } from "./bindable.ts";

/** Whether waiting may help: a privileged port does not become free with time. */
export function mayBecomeFree(error: unknown): boolean {
  return error instanceof PortTakenError ? error.code !== "EACCES" : isRetriable(error);
}

/**
 * "Opens" a target when a server could bind it, so that `wait --free` has the attempts, pauses and limits of
 * connecting. Without a hostname the server binds every address.
 */
export function bindAdapter(hostname: string | undefined): Adapter<Target> {
  return {
    open: (target): Attempt<Target> => ({
      opened: assertBindable(target.port, hostname).then(() => target),
      // A trial bind ends by itself and holds nothing afterwards.
      abandon() {},
    }),
    endpoints: (target) => ({ local: { hostname: "", port: 0 }, remote: target }),
    reset() {},
    close() {},
    watchPeer: () => ({ hungUp: new Promise(() => {}), stop() {} }),
    publish() {},
  };
}
