import { type Endpoint, type EndpointPair, formatEndpoint } from "./endpoint.ts";

/**
 * The kernel connected the socket to itself: nobody listens on the port. The socket has been reset, so the port is free.
 *
 * `code` is `"ECONNREFUSED"`, because that is what it means, and code that retries on a refusal goes on working.
 */
export class SelfConnectError extends Error {
  /** The name of the class, also where it was minified or came from another copy of this package. */
  override readonly name = "SelfConnectError";
  /** What a bare connect says where nobody listens. */
  readonly code = "ECONNREFUSED";
  /** As in the errors of `node:net`. */
  readonly syscall = "connect";
  /** The address dialed, as the kernel reports it: `"127.0.0.1"`, `"::1"`. */
  readonly address: string;
  /** The port dialed. */
  readonly port: number;
  /** The socket's own end. */
  readonly local: Endpoint;
  /** The socket's other end: the same endpoint. */
  readonly remote: Endpoint;
  /** How many connects were made before giving up, this one included. */
  readonly attempts: number;

  /** From both ends of the socket, and how many connects were made. */
  constructor(pair: EndpointPair, attempts: number) {
    super(`Cannot connect to ${formatEndpoint(pair.remote)}: nobody is listening, the socket was connected to itself`);
    this.local = pair.local;
    this.remote = pair.remote;
    this.address = pair.remote.hostname;
    this.port = pair.remote.port;
    this.attempts = attempts;
  }
}

/** No real peer accepted in the time given by `timeout` or `attemptTimeout`; the last failure is the `cause`. */
export class ConnectTimeoutError extends Error {
  /** The name of the class, also where it was minified or came from another copy of this package. */
  override readonly name = "ConnectTimeoutError";
  /** What a bare connect says where nobody answers. */
  readonly code = "ETIMEDOUT";
  /** As in the errors of `node:net`. */
  readonly syscall = "connect";
  /** The name or address dialed, as it was asked for. */
  readonly address: string;
  /** The port dialed. */
  readonly port: number;
  /** How many connects were made. */
  readonly attempts: number;
  /** Milliseconds from the call to this error. */
  readonly elapsed: number;

  /** From what was dialed, how many connects were made in how many milliseconds, and the last failure. */
  constructor(target: Endpoint, attempts: number, elapsed: number, cause?: unknown) {
    const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
    super(
      `Cannot connect to ${formatEndpoint(target)}: timed out after ${Math.round(elapsed)} ms and ${tries}`,
      cause === undefined ? undefined : { cause },
    );
    this.address = target.hostname;
    this.port = target.port;
    this.attempts = attempts;
    this.elapsed = elapsed;
  }
}

/**
 * What a peer that accepts and then hangs up is reported as; retried like a reset, which it amounts to.
 *
 * @internal
 */
export function peerGone(target: Endpoint, when: string): Error {
  const { hostname: address, port } = target;
  const error = new Error(`Cannot connect to ${formatEndpoint(target)}: the peer hung up ${when}`);
  return Object.assign(error, { code: "ECONNRESET", syscall: "connect", address, port });
}
