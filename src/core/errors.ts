import type { Target } from "./attempt.ts";
import { type Endpoint, type EndpointPair, formatEndpoint, ipVersion, sameEndpoint, unmapped } from "./endpoint.ts";

/**
 * The kernel connected the socket to itself: the port has no listener. The socket has been reset, so the port is free.
 *
 * `code` is `"ECONNREFUSED"`, as for any port without a listener, so code that retries after a refusal keeps working.
 */
export class SelfConnectError extends Error {
  /** The name of the class, also where it was minified or came from another copy of this package. */
  override readonly name = "SelfConnectError";
  /** The code of a bare connect to a port without a listener. */
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

  /** Takes both ends of the socket, and the number of connects made. */
  constructor(pair: EndpointPair, attempts: number) {
    super(
      `Cannot connect to ${
        formatEndpoint(pair.remote)
      }: there is no listener, and the kernel connected the socket to itself`,
    );
    this.local = pair.local;
    this.remote = pair.remote;
    this.address = pair.remote.hostname;
    this.port = pair.remote.port;
    this.attempts = attempts;
  }
}

/** No real peer accepted within `timeout` or `attemptTimeout`; the last failure is the `cause`. */
export class ConnectTimeoutError extends Error {
  /** The name of the class, also where it was minified or came from another copy of this package. */
  override readonly name = "ConnectTimeoutError";
  /** The code of a bare connect to a silent peer. */
  readonly code = "ETIMEDOUT";
  /** As in the errors of `node:net`. */
  readonly syscall = "connect";
  /** The name or address dialed; an international name in ASCII. */
  readonly address: string;
  /** The port dialed. */
  readonly port: number;
  /** How many connects were made. */
  readonly attempts: number;
  /** Milliseconds from the call to this error. */
  readonly elapsed: number;

  /** Takes the dialed endpoint, the number of connects made, the milliseconds they took, and the last failure. */
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
 * Makes `instanceof` true for the errors of every copy of this package: one process may load it as an ES module and as
 * CommonJS, or in two versions. Keeps the name of the class, which runtimes print, where the code is minified.
 */
function brand(errorClass: typeof SelfConnectError | typeof ConnectTimeoutError, name: string): void {
  const mark = Symbol.for(`@realpeer/tcp ${name}`);
  const isOrdinaryInstance = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(errorClass, "name", { configurable: true, value: name });
  Object.defineProperty(errorClass.prototype, mark, { value: true });
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // A derived class inherits this method, but only its own instances are instances of it.
      if (this !== errorClass) return isOrdinaryInstance.call(this, value);
      return typeof value === "object" && value !== null && mark in value;
    },
  });
}

brand(SelfConnectError, "SelfConnectError");
brand(ConnectTimeoutError, "ConnectTimeoutError");

/**
 * The error for a peer that accepts and then hangs up. It is retried like a reset.
 *
 * @internal
 */
export function peerGone(target: Endpoint, when: string): Error {
  const { hostname: address, port } = target;
  const hint = `the peer hung up ${when}`;
  const error = new Error(`Cannot connect to ${formatEndpoint(target)}: ${hint}`);
  return Object.assign(error, { code: "ECONNRESET", syscall: "connect", address, port, hint });
}

/** The meaning of an error code for the next attempt, and its description. */
interface CodeMeaning {
  /** Whether another attempt may succeed. */
  readonly isRetriable: boolean;
  readonly words: string;
}

const NO_NAME = "the name does not resolve";
const NOT_ALLOWED = "this user may not connect there";
const NO_DESCRIPTOR = "no file descriptor is free";

const retriable = (words: string): CodeMeaning => ({ isRetriable: true, words });
const final = (words: string): CodeMeaning => ({ isRetriable: false, words });

/** A code that is not in this table is final, and the error's own message describes it. */
const MEANINGS: Readonly<Record<string, CodeMeaning>> = {
  // No listener yet, or one that hangs up.
  ECONNREFUSED: retriable("connection refused"),
  ECONNRESET: retriable("connection reset"),
  ECONNABORTED: retriable("connection aborted"),
  ENOTCONN: retriable("connection reset"),
  EPIPE: retriable("connection reset"),
  // No route there yet.
  EHOSTUNREACH: retriable("host unreachable"),
  ENETUNREACH: retriable("network unreachable"),
  EHOSTDOWN: retriable("host down"),
  ENETDOWN: retriable("network down"),
  ETIMEDOUT: retriable("no answer"),
  // No ephemeral port is free now (Linux).
  EADDRNOTAVAIL: retriable("address not available"),
  // macOS fails an IPv4 self-connection with this code (XNU, bsd/netinet/tcp_usrreq.c); see `isBadAddress`.
  EINVAL: retriable("invalid argument"),
  // No file descriptor is free now: in this process, on this host.
  EMFILE: retriable(NO_DESCRIPTOR),
  ENFILE: retriable(NO_DESCRIPTOR),
  // The peer is there but not ready: another HTTP status, or another protocol.
  EHTTPSTATUS: retriable("answered with another status"),
  EPROTO: retriable("the peer speaks another protocol"),
  // The name does not resolve yet; the spellings are those of getaddrinfo(3), Node and Bun.
  ENOTFOUND: retriable(NO_NAME),
  EAI_AGAIN: retriable(`${NO_NAME}, the name server does not answer`),
  EAI_NONAME: retriable(NO_NAME),
  EAI_NODATA: retriable(NO_NAME),
  EAI_FAIL: retriable(NO_NAME),
  ESERVFAIL: retriable(NO_NAME),
  EACCES: final(NOT_ALLOWED),
  EPERM: final(NOT_ALLOWED),
};

/** The codes of errors that have no `code`, by the text of their message. */
const CODES_BY_MESSAGE: readonly (readonly [pattern: RegExp, code: string])[] = [
  // Rust's std::net and std::io in Deno.
  [/^failed to lookup address/, "ENOTFOUND"],
  [/\(os error 24\)/, "EMFILE"],
  [/\(os error 23\)/, "ENFILE"],
];

/** Whether a call was given an address that it can never take: one of another IP version, or without its zone. */
function isBadAddress(error: unknown): boolean {
  const { code, syscall, address } = (error ?? {}) as { code?: unknown; syscall?: unknown; address?: unknown };
  return code === "EINVAL" && (syscall === "bind" || String(address).includes(":"));
}

function meaningOf(error: unknown): CodeMeaning | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const told = code ?? CODES_BY_MESSAGE.find(([pattern]) => pattern.test(String(message)))?.[1];
  if (typeof told !== "string") return undefined;
  // Bun marks every code of its resolver, c-ares, in this way. After any of them the name may resolve later.
  const known = told === "DNS_ETIMEOUT" ? "EAI_AGAIN" : told.startsWith("DNS_") ? "ENOTFOUND" : told;
  return Object.hasOwn(MEANINGS, known) ? MEANINGS[known] : undefined;
}

/**
 * Whether another attempt may succeed after this error. `retry` uses this function unless its own `isRetriable` is
 * given. A table decides by the error's `code`; an error without an entry, such as a missing permission or a TypeError,
 * is final.
 *
 * @example
 * ```ts
 * import { connect, isRetriable } from "@realpeer/tcp";
 * const retry = { isRetriable: (error: unknown) => isRetriable(error) && Date.now() < Date.UTC(2030, 0) };
 * await connect({ port: 5432, retry }).catch((error) => console.log(isRetriable(error)));
 * ```
 */
export function isRetriable(error: unknown): boolean {
  // An AggregateError has one error for each address of a name: one retriable error is enough.
  if (error instanceof AggregateError && error.errors.some(isRetriable)) return true;
  return !isBadAddress(error) && (meaningOf(error)?.isRetriable ?? false);
}

/**
 * Whether no socket listened at the target.
 *
 * @internal
 */
export function isRefusal(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ECONNREFUSED";
}

/**
 * Why an attempt failed, in a few words.
 *
 * @internal
 */
export function describeFailure(error: unknown): string {
  if (error instanceof SelfConnectError) return "there is no listener, the kernel connected the socket to itself";
  if (error instanceof ConnectTimeoutError) return "no answer";
  if (!(error instanceof Error)) return String(error);
  const { name, code, message, hint } = error as Error & { code?: unknown; hint?: unknown };
  if (typeof hint === "string") return hint;
  return meaningOf(error)?.words ?? (message || String(code ?? name));
}

/**
 * Whether the kernel refused a self-connection of a socket that the caller bound to the endpoint it dials: macOS fails
 * with EINVAL, where Linux completes the connection (XNU, bsd/netinet/tcp_usrreq.c, tcp_connect). Every other attempt
 * would fail in the same way.
 *
 * @internal
 */
export function isRefusedSelfConnection(error: unknown, { hostname, port, localAddress, localPort }: Target): boolean {
  if ((error as { code?: unknown } | null)?.code !== "EINVAL" || localPort !== port) return false;
  // macOS connects a socket of IPv6 to itself. There EINVAL is about the zone, which Deno's node:net does not take.
  if (ipVersion(unmapped(hostname)) === 6) return false;
  return localAddress === undefined || sameEndpoint({ hostname, port }, { hostname: localAddress, port });
}
