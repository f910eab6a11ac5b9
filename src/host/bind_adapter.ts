import type { Adapter, Attempt, Target } from "../core/attempt.ts";
import { after } from "../core/clock.ts";
import { isRetriable } from "../core/errors.ts";
import { assertBindable, PortTakenError } from "./bindable.ts";

/** How long a server may have the port before `--stable-for` notices. */
const LOOK_MS = 50;

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
    // A server that takes the port meanwhile ends `stableFor`, as a peer does that hangs up.
    watchPeer: ({ port }) => {
      let cancel = (): void => {};
      const hungUp = new Promise<void>((resolve) => {
        const look = (): void => void assertBindable(port, hostname).then(lookLater, () => resolve());
        const lookLater = (): void => void (cancel = after(LOOK_MS, look));
        lookLater();
      });
      return { hungUp, stop: () => cancel() };
    },
    lookup: undefined,
    localPort: undefined,
    publish() {},
  };
}
