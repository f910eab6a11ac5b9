import { DEFAULT_HOSTNAME, type Endpoint, ipVersion, isPort, toHostname } from "./endpoint.ts";

const SHAPES = "expected PORT, HOST:PORT or [IPV6]:PORT";

function cannotParse(text: string, why: string): TypeError {
  return new TypeError(`Cannot parse endpoint ${JSON.stringify(text)}: ${why}`);
}

/**
 * Reads `"5432"`, `":5432"`, `"host:5432"`, `"[::1]:5432"`, `"[fe80::1%eth0]:80"` or `"tcp://host:5432"`; the default
 * host is `"localhost"`.
 *
 * @throws TypeError when the text has none of these shapes
 * @throws RangeError when the port is not between 1 and 65535
 *
 * @example
 * ```ts
 * import { parseEndpoint } from "@realpeer/tcp";
 * console.log(parseEndpoint("[::1]:5432")); // { hostname: "::1", port: 5432 }
 * ```
 */
export function parseEndpoint(text: string): Endpoint {
  if (typeof text !== "string") throw new TypeError(`Cannot parse endpoint: expected a string, got ${typeof text}`);
  const match = /^(?:tcp:\/\/(?=.*:))?(?:(?:\[([^\]]*)\]|([^[\]]*)):)?(\d+)$/i.exec(
    text.replace(/^(tcp:\/\/.*)\/$/i, "$1"),
  );
  if (match === null) throw cannotParse(text, SHAPES);
  const [, bracketed, plain, digits] = match;
  if (bracketed !== undefined && ipVersion(bracketed) !== 6) throw cannotParse(text, "no IPv6 address in the brackets");
  if (plain?.includes("://")) throw cannotParse(text, "a URL is no endpoint, expected HOST:PORT");
  if (plain?.includes(":")) {
    const isAddress = ipVersion(`${plain}:${digits}`) === 6 || ipVersion(plain) === 6;
    throw cannotParse(
      text,
      isAddress ? "an IPv6 address needs brackets, as in [::1]:80" : SHAPES,
    );
  }
  if (plain && toHostname(plain) === null) throw cannotParse(text, "the host is neither a host name nor an address");
  const port = Number(digits);
  if (!isPort(port)) {
    throw new RangeError(`Cannot parse endpoint ${JSON.stringify(text)}: port ${digits} is not between 1 and 65535`);
  }
  return { hostname: bracketed ?? (plain || DEFAULT_HOSTNAME), port };
}
