/** One end of a TCP connection. */
export interface Endpoint {
  /** A name or an address as the runtime writes it: `"127.0.0.1"`, `"::1"` (no brackets), `"fe80::1%eth0"`. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** Both ends of one connection, as the kernel reports them. */
export interface EndpointPair {
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/**
 * The host of a port that is given without one, as in `parseEndpoint("5432")`.
 *
 * @internal
 */
export const DEFAULT_HOSTNAME = "localhost";

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
// The system decides what a zone contains; interface names such as "br_lan" are allowed.
const ZONE = /^[\w.:-]+$/;

/**
 * Which IP version a literal has: 4, 6, or 0 for a name. Zones (RFC 4007, `fe80::1%eth0`) and embedded IPv4 (RFC 4291,
 * `::ffff:10.0.0.1`) are part of version 6; brackets are not.
 *
 * @internal
 */
export function ipVersion(hostname: string): 0 | 4 | 6 {
  if (IPV4.test(hostname)) return 4;
  return hostname.includes(":") && canonicalIpv6(hostname) !== null ? 6 : 0;
}

/**
 * Whether a name means loopback by itself: localhost, or one below it (RFC 6761, 6.3).
 *
 * @internal
 */
export function isLocalhost(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname);
}

/**
 * Whether a name is one below localhost, such as `app.localhost`. Not every system knows that it means
 * loopback.
 *
 * @internal
 */
export function isBelowLocalhost(hostname: string): boolean {
  return /\.localhost\.?$/i.test(hostname);
}

/** The sixteen-bit groups of an IPv6 literal without zone, or null when the text is no such literal. */
function ipv6Groups(text: string): number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const parsed: number[][] = [];
  for (const [index, half] of halves.entries()) {
    const groups: number[] = [];
    const pieces = half === "" ? [] : half.split(":");
    for (const [position, piece] of pieces.entries()) {
      const isLastOfAll = index === halves.length - 1 && position === pieces.length - 1;
      if (isLastOfAll && IPV4.test(piece)) {
        const [a, b, c, d] = piece.split(".").map(Number) as [number, number, number, number];
        groups.push(a << 8 | b, c << 8 | d);
      } else if (/^[\da-f]{1,4}$/i.test(piece)) {
        groups.push(Number.parseInt(piece, 16));
      } else {
        return null;
      }
    }
    parsed.push(groups);
  }
  const [head, tail] = parsed as [number[], number[] | undefined];
  if (tail === undefined) return head.length === 8 ? head : null;
  const zeros = 8 - head.length - tail.length;
  // RFC 4291 lets "::" stand for one group or more.
  return zeros < 1 ? null : [...head, ...new Array<number>(zeros).fill(0), ...tail];
}

/** One spelling per IPv6 address: IPv4-mapped addresses become IPv4, all others eight groups; the zone is separate. */
function canonicalIpv6(hostname: string): { address: string; zone: string } | null {
  const percent = hostname.indexOf("%");
  const zone = percent < 0 ? "" : hostname.slice(percent + 1);
  if (percent >= 0 && !ZONE.test(zone)) return null;
  const groups = ipv6Groups(percent < 0 ? hostname : hostname.slice(0, percent));
  if (groups === null) return null;
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  const address = isMapped
    ? groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join(".")
    : groups.map((group) => group.toString(16)).join(":");
  return { address, zone };
}

/**
 * The IPv4 address that is mapped into an IPv6 one (RFC 4291, 2.5.5.2); any other text as it is.
 *
 * @internal
 */
export function unmapped(hostname: string): string {
  const address = canonicalIpv6(hostname)?.address ?? "";
  return IPV4.test(address) ? address : hostname;
}

function sameHostname(a: string, b: string): boolean {
  if (a === b) return true;
  const left = canonicalIpv6(a) ?? { address: a.toLowerCase(), zone: "" };
  const right = canonicalIpv6(b) ?? { address: b.toLowerCase(), zone: "" };
  if (left.address !== right.address) return false;
  // Deno and Bun drop the zone, sometimes from one end only: zones are compared only where both ends have one.
  return left.zone === "" || right.zone === "" || left.zone === right.zone;
}

/**
 * Whether two endpoints are the same in any notation: `::ffff:127.0.0.1` is `127.0.0.1` (RFC 4291, 2.5.5.2), `0:0::1`
 * is `::1`, case is ignored, and zones are compared only where both sides have one. Names are compared as text, without
 * a lookup.
 *
 * @example
 * ```ts
 * import { sameEndpoint } from "@realpeer/tcp";
 * console.log(sameEndpoint({ hostname: "::1", port: 80 }, { hostname: "0:0::1", port: 80 })); // true
 * ```
 */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && sameHostname(a.hostname, b.hostname);
}

/**
 * At most 253 characters in labels of at most 63: letters, digits, "-" and "_" (RFC 1123, 2.1; the last as in SRV
 * names), perhaps with the dot of the root.
 */
const NAME = /^(?=.{1,253}\.?$)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?$/;
/** What inet_aton(3) reads as an address, such as `127.1` and `0x7f000001`. */
const NUMBERS = /^(?:\d+|0x[\da-f]*)(?:\.(?:\d+|0x[\da-f]*)){0,3}\.?$/i;

/**
 * The host of the text in the form that every runtime takes: an IP literal without brackets, or a name, in ASCII if it is
 * an international one (RFC 5890). Null when the text is no host.
 *
 * @internal
 */
export function toHostname(text: string): string | null {
  if (ipVersion(text) !== 0) return text;
  // deno-lint-ignore no-control-regex -- matches any character outside ASCII
  const isInternational = /[^\x00-\x7f]/.test(text) && !/[\s/?#@%:[\]\\<>^|]/.test(text);
  if (!isInternational && !NUMBERS.test(text)) return NAME.test(text) ? text : null;
  const url = `http://${text}`;
  const hostname = URL.canParse(url) ? new URL(url).hostname : "";
  return NAME.test(hostname) ? hostname : null;
}

/**
 * Whether `port` is an integer from 1 to 65535.
 *
 * @internal
 */
export function isPort(port: unknown): port is number {
  return Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65535;
}

/**
 * Writes `host:port`, with brackets around an IPv6 address (RFC 3986, 3.2.2); `parseEndpoint` reads it back.
 *
 * @example
 * ```ts
 * import { formatEndpoint } from "@realpeer/tcp";
 * console.log(formatEndpoint({ hostname: "::1", port: 5432 })); // [::1]:5432
 * ```
 */
export function formatEndpoint(endpoint: Endpoint): string {
  const { hostname, port } = endpoint;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
