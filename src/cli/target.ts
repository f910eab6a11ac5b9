import { hasReadableUser, hostnameOf, portOfUrl } from "../core/url.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { parseEndpoint } from "../core/parse_endpoint.ts";
import { UsageError } from "./errors.ts";

/** The text of a target, as given. */
interface Written {
  readonly text: string;
}

/** A port on which a peer accepts connections. */
export interface TcpTarget extends Endpoint, Written {
  readonly kind: "tcp";
  /** Whether only a port was given: then a server binds it on every address. */
  readonly isPortOnly: boolean;
}

/** A URL that a peer answers. */
export interface HttpTarget extends Endpoint, Written {
  readonly kind: "http";
  readonly url: URL;
}

/** A unix socket on which a peer accepts connections. */
export interface UnixTarget extends Written {
  readonly kind: "unix";
  readonly path: string;
}

export type WaitTarget = TcpTarget | HttpTarget | UnixTarget;

/** The schemes of other tools, and their equivalents here. */
const SYNONYMS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Those of wait-on.
  [/^(https?)-get:/i, "$1:"],
  [/^tcp:(?!\/\/)/i, ""],
  [/^socket:/i, "unix:"],
];

function cannotRead(text: string, why: string): UsageError {
  return new UsageError(`Cannot read target ${JSON.stringify(text)}: ${why}`);
}

const MAX_UNIX_PATH_BYTES = 107;

function httpTarget(text: string, plain: string): HttpTarget {
  if (/^https?:\/\/unix:/i.test(plain)) {
    throw cannotRead(text, "HTTP over a unix socket is not known, wait for unix:PATH");
  }
  const several = plain.includes("|") ? hintForSeveral(plain) : undefined;
  if (several !== undefined) throw cannotRead(text, several);
  let url: URL;
  try {
    url = new URL(plain);
  } catch {
    const port = /^https?:\/\/:(\d+)/i.exec(plain)?.[1];
    const hint = port === undefined
      ? hintForSeveral(plain) ?? "expected http://HOST:PORT/PATH"
      : `a URL needs a host, as in localhost:${port}`;
    throw cannotRead(text, hint);
  }
  if (!hasReadableUser(url)) throw cannotRead(text, "write % in a user or password as %25");
  const port = portOfUrl(url);
  if (port === 0) throw cannotRead(text, "port 0 is not between 1 and 65535");
  return { kind: "http", text, url, hostname: hostnameOf(url), port };
}

/** start-server-and-test separates URLs by `|`. */
function hintForSeveral(plain: string): string | undefined {
  const several = plain.split(/[,;|\s]+/).filter(Boolean);
  return several.length > 1 && several.every(isTarget)
    ? `write several targets apart: ${several.join(" ")}`
    : undefined;
}

/** Why the text is no target, with a hint for the tool that it was probably written for. */
function hintFor(plain: string): string | undefined {
  const [, scheme = "", rest = ""] = /^((?:[a-z][a-z\d+.-]*:)*[a-z][a-z\d+.-]*):\/\/(.*)$/i.exec(plain) ?? [];
  if (/^file$/i.test(scheme) || /^(file:|\/|\.\.?\/)/i.test(plain)) {
    return "files are not waited for, a shell does: until test -e FILE; do sleep 1; done";
  }
  // A host may have this name: http:8080.
  const [, http, location] = /^(https?):(?!\d+$)\/?([^/].*)$/i.exec(plain) ?? [];
  if (http !== undefined) return `two slashes are missing: ${http}://${location}`;
  if (scheme !== "") {
    const hosts = rest.replace(/^[^@/]*@/, "").replace(/[/?#].*$/s, "").split(",");
    const ports = hosts.filter((host) => /^(\[[^\]]*\]|[^:]+):\d+$/.test(host)).join(" ") || "HOST:PORT";
    if (scheme.toLowerCase() !== "tcp") return `${scheme}: is not known, wait for the port: ${ports}`;
    return /^[^/]*\/./.test(rest) ? `a TCP target has no path, wait for the port: ${ports}` : undefined;
  }
  if (/^[^/\s]+:\d+\/\S*$/.test(plain) && !/^tcp:/i.test(plain)) return `with a path it is a URL: http://${plain}`;
  return hintForSeveral(plain);
}

/** Whether the text is a target. */
export function isTarget(text: string): boolean {
  try {
    return parseTarget(text) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Reads the forms of `parseEndpoint`, `http:` and `https:` URLs, `unix:PATH`, and other tools' spellings of these.
 *
 * @throws UsageError when the text has another shape
 */
export function parseTarget(text: string): WaitTarget {
  const plain = SYNONYMS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
  if (/^https?:\/\//i.test(plain)) return httpTarget(text, plain);
  const path = /^unix:(?:\/\/)?(.*)$/is.exec(plain)?.[1];
  if (path === "") throw cannotRead(text, "expected unix:PATH");
  // unix(7); longer paths cannot be bound either.
  if (path !== undefined && new TextEncoder().encode(path).length > MAX_UNIX_PATH_BYTES) {
    throw cannotRead(text, `the path of a unix socket has at most ${MAX_UNIX_PATH_BYTES} bytes`);
  }
  if (path !== undefined) return { kind: "unix", text, path };
  const hint = hintFor(plain);
  if (hint !== undefined) throw cannotRead(text, hint);
  try {
    return { kind: "tcp", ...parseEndpoint(plain), text, isPortOnly: /^(tcp:\/\/)?:?\d+\/?$/i.test(plain) };
  } catch (error) {
    // The message already says what is wrong and what was expected; only its verb changes.
    throw new UsageError((error as Error).message.replace("parse endpoint", "read target"));
  }
}
