import type { Adapter, Target } from "./adapter.ts";
import { type EndpointPair, ipVersion, sameEndpoint } from "./endpoint.ts";
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
 * For how long a self-connection may be kept while the name is dialed again; then the port must be free for its server.
 * An address that refuses does so within microseconds, and runtimes start their next one after 250 ms (RFC 8305).
 */
const HOLD_MS = 300;

async function openAndCompare<Socket>(
  adapter: Adapter<Socket>,
  target: Target,
  tally: Tally,
  signal: AbortSignal | undefined,
): Promise<Proved<Socket> & { readonly isSelf: boolean }> {
  tally.attempts++;
  const socket = await adapter.open(target, signal);
  const pair = adapter.endpoints(socket);
  const isSelf = pair !== null && sameEndpoint(pair.local, pair.remote);
  if (isSelf) {
    tally.selfConnects++;
    adapter.publish(pair);
  }
  if (pair === null || signal?.aborted) {
    // Gone before anybody could tell who it was, or aborted between the kernel's success and this line.
    if (isSelf) adapter.reset(socket);
    else adapter.close(socket);
    signal?.throwIfAborted();
    throw peerGone(target, "at once");
  }
  return { socket, pair, isSelf };
}

/**
 * Opens one connection to a real peer: open, compare both ends, reset what is connected to itself.
 *
 * The kernel connects a socket to itself when it dials a dead port of the ephemeral range and is given that very port
 * as its own (simultaneous open, RFC 9293, 3.5; Linux inet_hash_connect). A normal close would leave `TIME-WAIT P -> P`
 * and keep the server off the port for a minute, so it is a reset.
 *
 * A name is dialed once more while the self-connection still holds its port: that address then refuses, and the
 * runtime goes on to the name's next one, where the server may be. `budget` is how many connects may still be made.
 *
 * @throws {SelfConnectError} when the kernel connected the socket to itself
 */
export async function openReal<Socket>(
  adapter: Adapter<Socket>,
  target: Target,
  tally: Tally,
  budget: number,
  signal?: AbortSignal,
): Promise<Proved<Socket>> {
  const first = await openAndCompare(adapter, target, tally, signal);
  if (!first.isSelf) return first;
  if (budget < 2 || target.localPort !== undefined || ipVersion(target.hostname) !== 0) {
    adapter.reset(first.socket);
    throw new SelfConnectError(first.pair, tally.attempts);
  }
  const timer = setTimeout(() => adapter.reset(first.socket), HOLD_MS);
  try {
    const second = await openAndCompare(adapter, target, tally, signal);
    if (!second.isSelf) return second;
    adapter.reset(second.socket);
  } catch {
    // Our own hold may have caused the refusal: it says nothing about the target. Only an abort is final.
    signal?.throwIfAborted();
  } finally {
    clearTimeout(timer);
    adapter.reset(first.socket);
  }
  throw new SelfConnectError(first.pair, tally.attempts);
}
