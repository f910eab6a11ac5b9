import { isPort } from "./endpoint.ts";
import { DEFAULT_PORTS } from "./url.ts";

/** The common form of a URL, without credentials: scheme, host, perhaps a port. `URL` parses all other forms. */
const PLAIN = /^(https?|wss?):\/\/(?:[\w.-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?(?:[/?#]|$)/i;

/**
 * The port that a client dials for this URL; undefined where it dials none, as for `data:` and `blob:`, or the text is
 * no URL. The host is ignored, as every name may resolve to an address of this machine.
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

/** Reads a port option, a number or its digits; undefined for anything else. */
export function portOf(value: unknown): number | undefined {
  const port = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return isPort(port) ? port : undefined;
}

/** The environment variables in which runtimes look for a proxy for all requests. */
const PROXY_VARIABLES: readonly string[] = ["http_proxy", "https_proxy", "all_proxy"].flatMap((
  name,
) => [name, name.toUpperCase()]);

const NO_PORTS: readonly number[] = [];

/** The ports of all proxies in the environment: a request may use any of them. Called for each request. */
export function proxyPorts(env: (name: string) => string | undefined): readonly number[] {
  let ports: number[] | undefined;
  for (const name of PROXY_VARIABLES) {
    const url = env(name);
    if (!url) continue;
    // The URL of a proxy may lack its scheme.
    const port = dialedPort(/^[a-z][\w+.-]*:\/\//i.test(url) ? url : `http://${url}`);
    if (port !== undefined) (ports ??= []).push(port);
  }
  return ports ?? NO_PORTS;
}
