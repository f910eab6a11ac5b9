import type { HttpQuestion } from "../adapters/http.ts";
import { isWindows } from "../adapters/detect.ts";
import type { AttemptCounts } from "../core/attempt.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { type ConnectOptions, OPTION_NAMES, resolveOptions } from "../core/options.ts";
import { ownProperties, show } from "../core/checks.ts";
import { hasReadableUser, hostnameOf, portOfUrl } from "../core/url.ts";
import { dialAndClose, type WaitResult, withWaitDefaults } from "./wait_for_port.ts";

/** Headers as fetch takes them; a value may be a list. */
export type HttpHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string | readonly string[]]>;

/** The statuses that count: one, several, or those for which a function returns true. */
export type StatusTest = number | readonly number[] | ((status: number) => boolean | Promise<boolean>);

/** The options of `waitForPort` and those of the request. `stableFor` has no effect: an answer is proof enough. */
export interface HttpWaitOptions extends Omit<ConnectOptions, "hostname" | "port"> {
  /** The method of the request. @defaultValue `"GET"` */
  readonly method?: string | undefined;
  /**
   * Added to `host`, `accept` and, for a URL with a user, `authorization`; replaces a header of the same name. An
   * object, a `Headers`, a Map, or pairs of names and values.
   */
  readonly headers?: HttpHeaders | undefined;
  /** The statuses that count; redirects are not followed. @defaultValue `200 to 399` */
  readonly status?: StatusTest | undefined;
  /** Accepts any certificate, even one that is self-signed or for another host. @defaultValue `false` */
  readonly insecure?: boolean | undefined;
}

/** The names of all options. `hostname` and `port` are part of the URL. */
const KNOWN_OPTIONS: readonly string[] = [
  ...["method", "headers", "status", "insecure"],
  ...OPTION_NAMES.filter((name) => name !== "hostname" && name !== "port"),
];

/** Milliseconds for one answer: a development server may take long to build the first page. */
const ANSWER_TIMEOUT_MS = 10_000;

function fail(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`Cannot wait: ${name} must be ${expected}, got ${show(value)}`);
}

function urlOf(given: string | URL): URL {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw fail("url", "an absolute URL", given);
  }
  // The rest of the URL is not shown: it may hold a password.
  if (url.protocol !== "http:" && url.protocol !== "https:") throw fail("url", "http: or https:", url.protocol);
  if (!hasReadableUser(url)) throw fail("url", "percent-encoded where it has a user", url.host);
  return url;
}

function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 999;
}

function statusTest(status: StatusTest | undefined): (status: number) => boolean | Promise<boolean> {
  if (status === undefined) return (code) => code >= 200 && code < 400;
  if (typeof status === "function") return status;
  const codes: readonly unknown[] = Array.isArray(status) ? status : [status];
  const wrong = codes.length === 0 ? "an empty list" : codes.find((code) => !isStatus(code));
  if (codes.length === 0 || !codes.every(isStatus)) {
    throw fail("status", "a number from 100 to 999, a list of them, or a function", wrong);
  }
  return (code) => codes.includes(code);
}

/** The characters of methods and header names (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^`|~\w]+$/;

/** The headers as node:http takes them. A list under one name is sent as several lines. */
function headersOf(given: HttpHeaders): Record<string, string[]> {
  if (typeof given !== "object" || given === null) throw fail("headers", "an object", given);
  const headers: Record<string, string[]> = Object.create(null);
  const spellings = new Map<string, string>();
  for (const [name, value] of Symbol.iterator in given ? given : Object.entries(given)) {
    if (value === undefined) continue;
    if (typeof name !== "string" || !TOKEN.test(name)) throw fail("the name of a header", "a token", name);
    const values: unknown[] = [value].flat();
    const isLine = (text: unknown): boolean => typeof text === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
    // The value is not shown: it may be a secret.
    if (!values.every(isLine)) {
      throw new TypeError(`Cannot wait: the header ${name} must be a line of text, or several`);
    }
    // Names are the same in upper and lower case (RFC 9110, 5.1): all lines of one are sent.
    const spelling = spellings.get(name.toLowerCase()) ?? name;
    spellings.set(name.toLowerCase(), spelling);
    headers[spelling] = [...headers[spelling] ?? [], ...values as string[]];
  }
  return headers;
}

/**
 * Waits until a real peer answers a request with a status that counts. The body is not read, redirects are not
 * followed, and no proxy is used. The options are those of `waitForPort`, with `attemptTimeout` 10000. On Deno it needs
 * net access to the host and, where that is a name, to all its addresses.
 *
 * @throws TypeError when the URL is neither `http:` nor `https:`, or an option has the wrong type or an unknown name
 * @throws RangeError when a number is out of its range
 * @throws ConnectTimeoutError when no such answer came in time; `cause` is the last failure
 * @throws `signal.reason`, unchanged, when the signal aborts; the error of a certificate that is not accepted
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { waitForHttp } from "@realpeer/tcp";
 * const server = createServer((_request, response) => response.end("healthy")).listen(30_000, "127.0.0.1");
 * const { status, elapsed } = await waitForHttp("http://127.0.0.1:30000/health", { status: 200 });
 * console.log(`${status} after ${Math.round(elapsed)} ms`);
 * server.close();
 * ```
 */
export async function waitForHttp(
  url: string | URL,
  options: HttpWaitOptions = {},
): Promise<WaitResult & { readonly status: number }> {
  return await waitForAnswer(url, options);
}

/**
 * `waitForHttp` for a caller that shows progress: `counts` is updated during the wait.
 *
 * @internal
 */
export async function waitForAnswer(
  given: string | URL,
  options: HttpWaitOptions,
  counts?: AttemptCounts,
): Promise<WaitResult & { readonly status: number }> {
  if (typeof options !== "object" || options === null) throw fail("options", "an object", options);
  const url = urlOf(given);
  const own: HttpWaitOptions & Partial<Endpoint> = ownProperties(options);
  const twice = (["hostname", "port"] as const).find((name) => own[name] !== undefined);
  if (twice !== undefined) throw new TypeError(`Cannot wait: ${twice} stands in the URL, leave it out`);
  const { method = "GET", headers = {}, status, insecure = false, hostname: _hostname, port: _port, ...rest } = own;
  const unknown = Object.keys(rest).find((name) => !KNOWN_OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot wait: unknown option ${show(unknown)}, known are ${KNOWN_OPTIONS.join(", ")}`);
  }
  if (typeof method !== "string" || !TOKEN.test(method)) throw fail("method", "a token", method);
  if (typeof insecure !== "boolean") throw fail("insecure", "true or false", insecure);
  const question: HttpQuestion = { url, method, headers: headersOf(headers), insecure, isWanted: statusTest(status) };
  const connectOptions = {
    ...rest,
    attemptTimeout: rest.attemptTimeout ?? ANSWER_TIMEOUT_MS,
    hostname: hostnameOf(url),
    port: portOfUrl(url),
  };
  const resolved = resolveOptions(withWaitDefaults(connectOptions), { isWindows });
  // Loaded here because node:http and node:tls are slow to load.
  const { httpAdapter } = await import("../adapters/http.ts");
  const { result, socket } = await dialAndClose(httpAdapter(question), { ...resolved, stableFor: 0 }, { counts });
  return { ...result, status: socket.status ?? 0 };
}
