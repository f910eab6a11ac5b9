import { isPort } from "./endpoint.ts";

/** The ports of URLs that name none. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "ws:": 80,
  "wss:": 443,
  "redis:": 6379,
  "rediss:": 6379,
  "valkey:": 6379,
  "valkeys:": 6379,
  "postgres:": 5432,
  "postgresql:": 5432,
  "mysql:": 3306,
  "mysql2:": 3306,
  "mariadb:": 3306,
};

/** A URL as most are written, without credentials: scheme, host, perhaps a port. All others are the URL parser's. */
const PLAIN = /^(https?|wss?):\/\/(?:[\w.-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?(?:[/?#]|$)/i;

/**
 * The port that a client dials for this URL; undefined where it dials none, as for `data:` and `blob:`, or the text is no
 * URL. The host does not count: any name may stand for an address of this machine.
 */
export function dialedPort(url: string, base?: string): number | undefined {
  const plain = PLAIN.exec(url);
  if (plain !== null) {
    const [, scheme = "", digits] = plain;
    return digits === undefined ? DEFAULT_PORTS[`${scheme.toLowerCase()}:`] : portOf(digits);
  }
  try {
    const { protocol, port } = new URL(url, base);
    return port === "" ? DEFAULT_PORTS[protocol] : portOf(port);
  } catch {
    return undefined;
  }
}

/** A port as options have it, a number or its digits; undefined for anything else. */
export function portOf(value: unknown): number | undefined {
  const port = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return isPort(port) ? port : undefined;
}

/** Where runtimes look for a proxy that all requests go through. */
const PROXY_VARIABLES: readonly string[] = ["http_proxy", "https_proxy", "all_proxy"].flatMap((
  name,
) => [name, name.toUpperCase()]);

const NO_PORTS: readonly number[] = [];

/**
 * The ports of the proxies that the environment names. Which of them a request goes through does not matter. It is asked with
 * each request, and nearly always there is none.
 */
export function proxyPorts(env: (name: string) => string | undefined): readonly number[] {
  let ports: number[] | undefined;
  for (const name of PROXY_VARIABLES) {
    const url = env(name);
    if (!url) continue;
    // A proxy may be named without a scheme.
    const port = dialedPort(/^[a-z][\w+.-]*:\/\//i.test(url) ? url : `http://${url}`);
    if (port !== undefined) (ports ??= []).push(port);
  }
  return ports ?? NO_PORTS;
}
