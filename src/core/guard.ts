import type { Adapter, Target } from "./adapter.ts";
import { type EndpointPair, sameEndpoint } from "./endpoint.ts";
import { peerGone, SelfConnectError } from "./errors.ts";

/** What was tried so far, across all attempts of one call. */
export interface Tally {
  attempts: number;
  selfConnects: number;
}

/** A socket whose peer is somebody else. */
export interface Proved<Socket> {
  readonly socket: Socket;
  readonly pair: EndpointPair;
}

/**
 * Opens one connection to a real peer: open, compare both ends, reset what is connected to itself.
 *
 * The kernel connects a socket to itself when it dials a dead port of the ephemeral range and is given that very port
 * as its own (simultaneous open, RFC 9293, 3.5; Linux __inet_hash_connect). A normal close would leave
 * `TIME-WAIT P -> P` and keep the server off the port for a minute, so it is a reset.
 *
 * @throws {SelfConnectError} when the kernel connected the socket to itself
 */
export async function openReal<Socket>(
  adapter: Adapter<Socket>,
  target: Target,
  tally: Tally,
  signal?: AbortSignal,
): Promise<Proved<Socket>> {
  tally.attempts++;
  const socket = await adapter.open(target, signal);
  const pair = adapter.endpoints(socket);
  if (pair !== null && sameEndpoint(pair.local, pair.remote)) {
    tally.selfConnects++;
    adapter.reset(socket);
    adapter.publish(pair);
    signal?.throwIfAborted();
    throw new SelfConnectError(pair, tally.attempts);
  }
  if (pair === null || signal?.aborted) {
    // Gone before anybody could tell who it was, or aborted between the kernel's success and this line.
    adapter.close(socket);
    signal?.throwIfAborted();
    throw peerGone(target, "at once");
  }
  return { socket, pair };
}
