import { httpAdapter, type HttpQuestion } from "../adapters/http.ts";
import { isWindows } from "../adapters/detect.ts";
import type { AttemptCounts } from "../core/attempt.ts";
import { type ConnectOptions, ownProperties, resolveOptions } from "../core/options.ts";
import { hostnameOf, portOfUrl } from "../core/url.ts";
import { dialAndClose, type WaitResult, withWaitDefaults } from "./wait_for_port.ts";

/** The statuses that count: one, several, or those for which a function returns true. */
export type StatusTest = number | readonly number[] | ((status: number) => boolean);

/** The options of `waitForPort` and those of the request. `stableFor` has no effect: an answer is proof enough. */
export interface HttpWaitOptions extends Omit<ConnectOptions, "hostname" | "port"> {
  /** The method of the request. @defaultValue `"GET"` */
  readonly method?: string | undefined;
  /** Added to `host`, `accept` and, for a URL with a user, `authorization`; replaces a header of the same name. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** The statuses that count; redirects are not followed. @defaultValue `200 to 399` */
  readonly status?: StatusTest | undefined;
  /** Accepts any certificate, even one that is self-signed or for another host. @defaultValue `false` */
  readonly insecure?: boolean | undefined;
}

/** Milliseconds for one answer: a development server may take long to build the first page. */
const ANSWER_TIMEOUT_MS = 10_000;

function fail(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`Cannot wait: ${name} must be ${expected}, got ${String(value)}`);
}

function urlOf(given: string | URL): URL {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw fail("url", "an absolute URL", given);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw fail("url", "http: or https:", given);
  return url;
}

function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 999;
}

function statusTest(status: StatusTest | undefined): (status: number) => boolean {
  if (status === undefined) return (code) => code >= 200 && code < 400;
  if (typeof status === "function") return status;
  const codes: readonly unknown[] = Array.isArray(status) ? status : [status];
  const wrong = codes.find((code) => !isStatus(code));
  if (codes.length === 0 || wrong !== undefined) throw fail("status", "a number from 100, a list or a function", wrong);
  return (code) => codes.includes(code);
}

/**
 * Waits until a real peer answers a request with a status that counts. The body is not read, redirects are not
 * followed, and no proxy is used. The options are those of `waitForPort`, with `attemptTimeout` 10000.
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
  const twice = ["hostname", "port"].find((name) => Object.hasOwn(options, name));
  if (twice !== undefined) throw new TypeError(`Cannot wait: ${twice} stands in the URL, leave it out`);
  const { method = "GET", headers = {}, status, insecure = false, ...rest } = ownProperties(options);
  const isWanted = statusTest(status);
  const copied = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat()]));
  const question: HttpQuestion = { url, method, headers: copied, insecure, isWanted };
  const connectOptions = {
    attemptTimeout: ANSWER_TIMEOUT_MS,
    ...rest,
    hostname: hostnameOf(url),
    port: portOfUrl(url),
  };
  const resolved = resolveOptions(withWaitDefaults(connectOptions), { isWindows });
  const { result, socket } = await dialAndClose(httpAdapter(question), { ...resolved, stableFor: 0 }, { counts });
  return { ...result, status: socket.status ?? 0 };
}
