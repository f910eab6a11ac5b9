import type { Target } from "./attempt.ts";
import {
  assertFunction,
  assertNumber,
  assertPort,
  duration,
  isAbortSignal,
  isDuration,
  limit,
  ownProperty,
  show,
  typeError,
} from "./checks.ts";
import { DEFAULT_HOSTNAME, ipVersion, sameEndpoint, toHostname, unmapped } from "./endpoint.ts";
import { DEFAULT_RETRY, NO_RETRY, type RetryContext, type RetryOptions, type RetryPolicy } from "./retry.ts";

/** The options of every guarded connect, on every runtime. Only own properties count; inherited ones are ignored. */
export interface ConnectOptions {
  /** A name, which means all its addresses, or an IP literal without brackets. @defaultValue `"localhost"` */
  readonly hostname?: string | undefined;
  /** 1 to 65535. */
  readonly port: number;
  /** The local address to bind before connecting, an IP literal. */
  readonly localAddress?: string | undefined;
  /** The local port to bind before connecting, 1 to 65535. */
  readonly localPort?: number | undefined;
  /** Aborts connecting, but not an open connection; the promise then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call, with lookups and retries; 0 or Infinity: no limit. @defaultValue `Infinity` */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds for one attempt, without the name lookup where the runtime offers a separate one; 0 or Infinity: only
   * the kernel's limit. @defaultValue 2000 with `retry` (3000 on Windows), else Infinity
   */
  readonly attemptTimeout?: number | undefined;
  /** Whether and how failed attempts are repeated; `true` means the defaults. @defaultValue `false` */
  readonly retry?: boolean | RetryOptions | undefined;
  /** Called before each pause between two attempts, and awaited. An error that it throws ends the call. */
  readonly onRetry?: ((context: RetryContext) => void | Promise<void>) | undefined;
  /** Milliseconds that the peer must keep the connection open before it counts as connected. @defaultValue `0` */
  readonly stableFor?: number | undefined;
  /**
   * Whether writing can go on after the peer's end, until `close()`; otherwise the connection then closes.
   * @defaultValue `false`
   */
  readonly allowHalfOpen?: boolean | undefined;
}

/**
 * Validated options with nothing left out.
 *
 * @internal
 */
export interface ResolvedOptions {
  readonly target: Target;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number;
  readonly attemptTimeout: number;
  /** Whether an attempt may be given up: there is a limit, a signal, or another attempt. */
  readonly mayGiveUp: boolean;
  readonly policy: RetryPolicy;
  readonly onRetry: ConnectOptions["onRetry"];
  readonly stableFor: number;
  readonly allowHalfOpen: boolean;
}

type OwnOptions = { readonly [Name in keyof ConnectOptions]-?: ConnectOptions[Name] | undefined };

/**
 * Every option as an own property, so that none is read from Object.prototype. Every call pays for this, and a literal
 * is the cheapest way.
 */
function ownOptions(given: Partial<ConnectOptions>): OwnOptions {
  const unset = {
    hostname: undefined,
    port: undefined,
    localAddress: undefined,
    localPort: undefined,
    signal: undefined,
    timeout: undefined,
    attemptTimeout: undefined,
    retry: undefined,
    onRetry: undefined,
    stableFor: undefined,
    allowHalfOpen: undefined,
  };
  return Object.assign(unset, given);
}

/**
 * The options of the portable connect.
 *
 * @internal
 */
export const OPTION_NAMES: readonly (keyof ConnectOptions)[] = Object.keys(ownOptions({})) as (keyof ConnectOptions)[];
const PORTABLE_OPTIONS: ReadonlySet<string> = new Set(OPTION_NAMES);
/** A native connect leaves `allowHalfOpen` to its runtime. */
const KNOWN_OPTIONS: ReadonlySet<string> = new Set(OPTION_NAMES.filter((name) => name !== "allowHalfOpen"));
/** A `DeadPort` of `/testing` has this property besides its endpoint: it may be passed as options. */
const IGNORED_OPTIONS: ReadonlySet<string> = new Set(["release"]);
const KNOWN_RETRY_OPTIONS: ReadonlySet<string> = new Set<keyof RetryOptions>(
  ["maxAttempts", "initialDelay", "maxDelay", "multiplier", "jitter", "isRetriable"],
);
const RETRY_ATTEMPT_TIMEOUT_MS = 2000;
/** Windows dials a refusing port again for 2 s before it reports the refusal. */
const WINDOWS_ATTEMPT_TIMEOUT_MS = 3000;

const DID_YOU_MEAN = "did you mean hostname?";

function unknownOption(kind: string, name: string, hint: string): TypeError {
  return new TypeError(`Cannot connect: unknown ${kind} ${show(name)}, ${hint}`);
}

function assertKnown(kind: string, given: object, known: ReadonlySet<string>): void {
  for (const name of Object.keys(given)) {
    if (known.has(name) || IGNORED_OPTIONS.has(name)) continue;
    throw unknownOption(kind, name, name === "host" ? DID_YOU_MEAN : `known are ${[...known].join(", ")}`);
  }
}

function policyOf(given: boolean | RetryOptions): RetryPolicy {
  if (given === false) return NO_RETRY;
  if (given === true) return DEFAULT_RETRY;
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  if (!isObject) throw typeError("retry", given, "a boolean or an object");
  assertKnown("retry option", given, KNOWN_RETRY_OPTIONS);
  const policy: RetryPolicy = { ...DEFAULT_RETRY };
  for (const [name, value] of Object.entries(given)) if (value !== undefined) Reflect.set(policy, name, value);
  const isCount = (n: number): boolean => n >= 1 && (Number.isInteger(n) || n === Infinity);
  assertNumber("retry.maxAttempts", policy.maxAttempts, "an integer from 1, or Infinity", isCount);
  duration("retry.initialDelay", policy.initialDelay);
  assertNumber("retry.maxDelay", policy.maxDelay, "0 or more milliseconds", isDuration);
  assertNumber("retry.multiplier", policy.multiplier, "finite and at least 1", (x) => x >= 1 && x < Infinity);
  assertNumber("retry.jitter", policy.jitter, "from 0 to 1", (share) => share >= 0 && share <= 1);
  assertFunction("retry.isRetriable", policy.isRetriable);
  return policy;
}

/**
 * The local address in the form that the dialed host needs: only a socket of IPv6 can dial a mapped address, and its
 * own address is then mapped, too (RFC 4291, 2.5.5.2).
 */
function localAddressFor(hostname: string, given: string): string {
  if (typeof given !== "string" || ipVersion(given) === 0) throw typeError("localAddress", given, "an IP address");
  const [dialed, local] = [unmapped(hostname), unmapped(given)];
  const isMapped = dialed !== hostname;
  const version = ipVersion(dialed);
  if (version === 0 || version === ipVersion(local)) return isMapped ? `::ffff:${local}` : local;
  // The unspecified address of IPv6 stands for all addresses of IPv4 as well.
  if (isMapped && sameEndpoint({ hostname: local, port: 0 }, { hostname: "::", port: 0 })) return local;
  throw typeError("localAddress", given, `an IPv${version} address, as ${hostname} is one`);
}

function targetOf({ hostname = DEFAULT_HOSTNAME, port, localAddress, localPort }: OwnOptions): Target {
  assertPort("port", port);
  if (typeof hostname !== "string" || hostname === "") throw typeError("hostname", hostname, "a name or an address");
  if (hostname.startsWith("[")) throw typeError("hostname", hostname, "written without brackets");
  const host = toHostname(hostname);
  if (host === null) {
    throw typeError(
      "hostname",
      hostname,
      `a name or an address${/[:/]/.test(hostname) ? ", without scheme and port" : ""}`,
    );
  }
  if (localPort !== undefined) assertPort("localPort", localPort);
  const local = localAddress === undefined ? undefined : localAddressFor(host, localAddress);
  // All are own properties: an adapter that reads one finds none on Object.prototype.
  return { hostname: host, port, localAddress: local, localPort, name: undefined };
}

/** How the options of a runtime's connect differ from those of the portable connect. */
export interface OptionRules {
  /** Whether unknown options go to the runtime's own call instead of being an error. @defaultValue `false` */
  readonly passesOn?: boolean;
  /** Whether this is Windows, where a refusal takes long. @defaultValue `false` */
  readonly isWindows?: boolean;
}

/**
 * Validates the options before anything is opened.
 *
 * @throws TypeError when an option has the wrong type or an unknown name
 * @throws RangeError when a number is out of its range
 * @internal
 */
export function resolveOptions(options: ConnectOptions, rules: OptionRules = {}): ResolvedOptions {
  if (typeof options !== "object" || options === null) throw typeError("options", options, "an object");
  // `host` would have no effect: the target is always that of `hostname`.
  if (!rules.passesOn) assertKnown("option", options, PORTABLE_OPTIONS);
  else if (ownProperty(options, "host") !== undefined) throw unknownOption("option", "host", DID_YOU_MEAN);
  const own = ownOptions(options);
  const { signal, retry = false, onRetry, stableFor = 0, allowHalfOpen = false } = own;
  const target = targetOf(own);
  const policy = policyOf(retry);
  if (signal !== undefined && !isAbortSignal(signal)) throw typeError("signal", signal, "an AbortSignal");
  assertFunction("onRetry", onRetry);
  if (typeof allowHalfOpen !== "boolean") throw typeError("allowHalfOpen", allowHalfOpen, "a boolean");
  const attemptTimeoutWithRetry = rules.isWindows ? WINDOWS_ATTEMPT_TIMEOUT_MS : RETRY_ATTEMPT_TIMEOUT_MS;
  const { attemptTimeout: forAttempt = retry === false ? undefined : attemptTimeoutWithRetry } = own;
  const timeout = limit("timeout", own.timeout);
  const attemptTimeout = limit("attemptTimeout", forAttempt);
  return {
    target,
    signal,
    timeout,
    attemptTimeout,
    mayGiveUp: signal !== undefined || Math.min(timeout, attemptTimeout) < Infinity || !policy.isOff,
    policy,
    onRetry,
    stableFor: duration("stableFor", stableFor),
    allowHalfOpen,
  };
}

/**
 * The options unknown to this package, which a native connect passes on to its runtime; undefined when there are none.
 *
 * @internal
 */
export function foreignOptions(options: object): Record<string, unknown> | undefined {
  const names = Object.keys(options).filter((name) => !KNOWN_OPTIONS.has(name) && !IGNORED_OPTIONS.has(name));
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, Reflect.get(options, name)]));
}
