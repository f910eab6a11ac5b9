import type { Target } from "./adapter.ts";
import { DEFAULT_HOSTNAME, ipVersion, isPort } from "./endpoint.ts";
import { DEFAULT_RETRY, NO_RETRY, type RetryContext, type RetryOptions, type RetryPolicy } from "./retry.ts";

/** What every guarded connect takes, on every runtime. */
export interface ConnectOptions {
  /** A name, which means all its addresses, or an IP literal without brackets. @default {"localhost"} */
  readonly hostname?: string | undefined;
  /** 1 to 65535. */
  readonly port: number;
  /** An IP literal the client end is bound to first. */
  readonly localAddress?: string | undefined;
  /** A port, 1 to 65535, the client end is bound to first. */
  readonly localPort?: number | undefined;
  /** Aborts connecting, and only connecting; the promise then rejects with `signal.reason` as it is. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for everything, names and retries included; 0 or Infinity: no limit. @default {Infinity} */
  readonly timeout?: number | undefined;
  /** Milliseconds for one attempt; 0 or Infinity: no limit but the kernel's. @default {2000 with `retry`, else Infinity} */
  readonly attemptTimeout?: number | undefined;
  /** Whether and how failed attempts are repeated; `true` means the defaults. @default {false} */
  readonly retry?: boolean | RetryOptions | undefined;
  /** Called before each pause between two attempts. A throw ends everything with what was thrown. */
  readonly onRetry?: ((context: RetryContext) => void) | undefined;
  /** Milliseconds that the peer must keep the connection open before it counts as connected. @default {0} */
  readonly stableFor?: number | undefined;
}

/**
 * Validated options with nothing left out.
 *
 * @internal
 */
export interface Plan {
  readonly target: Target;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number;
  readonly attemptTimeout: number;
  readonly policy: RetryPolicy;
  readonly onRetry: ((context: RetryContext) => void) | undefined;
  readonly stableFor: number;
}

const OPTION_NAMES: readonly string[] = [
  ...["hostname", "port", "localAddress", "localPort", "signal"],
  ...["timeout", "attemptTimeout", "retry", "onRetry", "stableFor"],
];
const KNOWN_OPTIONS: ReadonlySet<string> = new Set(OPTION_NAMES);
const KNOWN_RETRY_OPTIONS: ReadonlySet<string> = new Set<keyof RetryOptions>(
  ["maxAttempts", "initialDelay", "maxDelay", "multiplier", "jitter", "isRetriable"],
);
const RETRY_ATTEMPT_TIMEOUT_MS = 2000;

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function typeError(name: string, value: unknown, expected: string): TypeError {
  return new TypeError(`Cannot connect: ${name} must be ${expected}, got ${show(value)}`);
}

function assertNumber(name: string, value: unknown, expected: string, isInRange: (value: number) => boolean): void {
  if (typeof value !== "number") throw typeError(name, value, expected);
  if (!isInRange(value)) throw new RangeError(`Cannot connect: ${name} must be ${expected}, got ${value}`);
}

function assertPort(name: string, value: unknown): void {
  if (!isPort(value)) assertNumber(name, value, "an integer from 1 to 65535", isPort);
}

const isDuration = (ms: number): boolean => ms >= 0;
const isFiniteDuration = (ms: number): boolean => ms >= 0 && ms < Infinity;

/** Milliseconds of a limit; 0, Infinity and undefined are no limit. */
function limit(name: string, value: number | undefined): number {
  if (value === undefined) return Infinity;
  assertNumber(name, value, "0 or more milliseconds", isDuration);
  return value === 0 ? Infinity : value;
}

function duration(name: string, value: number): number {
  assertNumber(name, value, "0 or more milliseconds and finite", isFiniteDuration);
  return value;
}

function assertFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") throw typeError(name, value, "a function");
}

function assertKnown(kind: string, given: object, known: ReadonlySet<string>): void {
  for (const name in given) {
    if (known.has(name)) continue;
    throw new TypeError(`Cannot connect: unknown ${kind} ${show(name)}, known are ${[...known].join(", ")}`);
  }
}

/** By its shape: a signal of another realm, as test environments have them, is one too. */
function isAbortSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}

function policyOf(retry: boolean | RetryOptions): RetryPolicy {
  if (retry === false) return NO_RETRY;
  if (retry === true) return DEFAULT_RETRY;
  if (typeof retry !== "object" || retry === null) throw typeError("retry", retry, "a boolean or an object");
  assertKnown("retry option", retry, KNOWN_RETRY_OPTIONS);
  const given = Object.entries(retry).filter(([, value]) => value !== undefined);
  const hasOwnSchedule = retry.initialDelay !== undefined || retry.multiplier !== undefined;
  const equalPauses = hasOwnSchedule ? 1 : DEFAULT_RETRY.equalPauses;
  const policy: RetryPolicy = { ...DEFAULT_RETRY, ...Object.fromEntries(given), equalPauses };
  const isCount = (n: number): boolean => n >= 1 && (Number.isInteger(n) || n === Infinity);
  assertNumber("retry.maxAttempts", policy.maxAttempts, "an integer from 1, or Infinity", isCount);
  duration("retry.initialDelay", policy.initialDelay);
  assertNumber("retry.maxDelay", policy.maxDelay, "0 or more milliseconds", isDuration);
  assertNumber("retry.multiplier", policy.multiplier, "finite and at least 1", (x) => x >= 1 && x < Infinity);
  assertNumber("retry.jitter", policy.jitter, "from 0 to 1", (share) => share >= 0 && share <= 1);
  assertFunction("retry.isRetriable", policy.isRetriable);
  return policy;
}

function targetOf(options: ConnectOptions): Target {
  const { hostname = DEFAULT_HOSTNAME, port, localAddress, localPort } = options;
  assertPort("port", port);
  if (typeof hostname !== "string" || hostname === "") throw typeError("hostname", hostname, "a name or an address");
  if (hostname.startsWith("[")) throw typeError("hostname", hostname, "written without brackets");
  if (localAddress === undefined && localPort === undefined) return { hostname, port };
  if (localPort !== undefined) assertPort("localPort", localPort);
  if (localAddress !== undefined && (typeof localAddress !== "string" || ipVersion(localAddress) === 0)) {
    throw typeError("localAddress", localAddress, "an IP address");
  }
  return { hostname, port, localAddress, localPort };
}

/**
 * Validates the options before anything is opened. Names that are not ours are an error; with `passOn` they are left to
 * the runtime's own call.
 *
 * @throws {TypeError} when an option has the wrong type or an unknown name
 * @throws {RangeError} when a number is out of its range
 * @internal
 */
export function planOf(options: ConnectOptions, passOn: boolean = false): Plan {
  if (typeof options !== "object" || options === null) throw typeError("options", options, "an object");
  if (!passOn) assertKnown("option", options, KNOWN_OPTIONS);
  const { signal, timeout, retry = false, onRetry, stableFor = 0 } = options;
  const target = targetOf(options);
  const policy = policyOf(retry);
  if (signal !== undefined && !isAbortSignal(signal)) throw typeError("signal", signal, "an AbortSignal");
  assertFunction("onRetry", onRetry);
  return {
    target,
    signal,
    timeout: limit("timeout", timeout),
    attemptTimeout: limit(
      "attemptTimeout",
      options.attemptTimeout ?? (retry === false ? undefined : RETRY_ATTEMPT_TIMEOUT_MS),
    ),
    policy,
    onRetry,
    stableFor: duration("stableFor", stableFor),
  };
}

/**
 * Whatever the options hold besides ours: what a native connect passes on to its runtime; undefined when nothing.
 *
 * @internal
 */
export function foreignOptions(options: object): Record<string, unknown> | undefined {
  let rest: Record<string, unknown> | undefined;
  for (const name in options) {
    if (!KNOWN_OPTIONS.has(name)) (rest ??= {})[name] = (options as Record<string, unknown>)[name];
  }
  return rest;
}
