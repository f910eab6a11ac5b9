import type { Adapter } from "./adapter.ts";
import { dial, type Dialed } from "./dial.ts";
import type { Plan } from "./options.ts";
import { NO_RETRY } from "./retry.ts";

/**
 * Whether the plan asks for nothing that the runtime's own call does not do, but for the guard. Then that
 * call is made and its ends looked at: each promise more would be seen beside a connect on loopback
 * (`npm run bench -- overhead`). What is not plainly a real peer is for `dialFrom` to judge.
 */
export function isBare({ signal, timeout, attemptTimeout, policy, stableFor }: Plan): boolean {
  const isLimited = signal !== undefined || Math.min(timeout, attemptTimeout) < Infinity;
  return !isLimited && policy === NO_RETRY && stableFor === 0;
}

/** Goes on from a socket that is open already, as if `dial` had opened it. */
export function dialFrom<Socket>(first: Socket, adapter: Adapter<Socket>, plan: Plan): Promise<Dialed<Socket>> {
  let isTaken = false;
  const open: Adapter<Socket>["open"] = (target, signal) => {
    if (isTaken) return adapter.open(target, signal);
    isTaken = true;
    return Promise.resolve(first);
  };
  const resumed: Adapter<Socket> = Object.create(adapter, { open: { value: open } });
  return dial(resumed, plan);
}

function socketOf<Socket>({ socket }: Dialed<Socket>): Socket {
  return socket;
}

/** `dial` for whoever wants the socket alone. */
export function dialSocket<Socket>(adapter: Adapter<Socket>, plan: Plan): Promise<Socket> {
  if (!isBare(plan)) return dial(adapter, plan).then(socketOf);
  return adapter.open(plan.target).then((socket) => {
    const isReal = adapter.localPort(socket) !== plan.target.port;
    return isReal ? socket : dialFrom(socket, adapter, plan).then(socketOf);
  });
}

/** Has what `call` throws reject, as an async function does, without the promise that one would put around its result. */
export function rejecting<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}
