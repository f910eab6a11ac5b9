/** Parses the files of /proc on Linux (proc(5)); nothing here reads a file. */
import { type Endpoint, sameEndpoint } from "../core/endpoint.ts";
import { isHolderAddress } from "../core/holder_address.ts";

/** The names of include/net/tcp_states.h, by the number in the table's `st` column. */
const STATES: readonly string[] = [
  "UNKNOWN",
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "NEW_SYN_RECV",
];

/** One line of /proc/net/tcp or tcp6. */
export interface SocketRow {
  readonly local: Endpoint;
  /** Port 0 where there is none. */
  readonly remote: Endpoint;
  readonly state: string;
  readonly uid: number;
  /** 0 for a socket without a process, such as one in TIME_WAIT. */
  readonly inode: number;
  /** Milliseconds until the kernel's own timer ends the state; 0 when none runs. */
  readonly timer: number;
}

/** Tests a line by its raw columns: the local end `0100007F:9C40`, the remote end, the state `0A`. */
export type RowFilter = (local: string, remote: string, state: string) => boolean;

/** Live connections whose two ends are the same. A connection in TIME_WAIT is not live. */
export const isSelfConnected: RowFilter = (local, remote, state) => local === remote && state !== "06";

/** Whether the socket is a port holder, or the TIME_WAIT that a killed holder leaves for a minute. */
export function isHolder({ local, remote }: { readonly local: Endpoint; readonly remote: Endpoint }): boolean {
  return isHolderAddress(local.hostname) && sameEndpoint(local, remote);
}

export const isListening: RowFilter = (_local, _remote, state) => state === "0A";

/** Any socket, in any state, with this local port. */
export function isOnPort(port: number): RowFilter {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return (local) => local.endsWith(suffix);
}

/**
 * The rows of a socket table that pass the filter. Only these are parsed: the table has every socket of the host,
 * perhaps very many.
 */
export function selectRows(table: string, isWanted: RowFilter): SocketRow[] {
  const rows: SocketRow[] = [];
  let start = table.indexOf("\n") + 1;
  while (start > 0 && start < table.length) {
    let end = table.indexOf("\n", start);
    if (end < 0) end = table.length;
    const line = table.slice(start, end);
    // "   0: 0100007F:9C40 00000000:0000 0A ...": the width of the first column depends on the number of lines.
    const local = line.indexOf(":") + 2;
    const remote = line.indexOf(" ", local) + 1;
    const state = line.indexOf(" ", remote) + 1;
    if (isWanted(line.slice(local, remote - 1), line.slice(remote, state - 1), line.slice(state, state + 2))) {
      const text = line.slice(local);
      // A row of another form, as in a folder that only looks like /proc, is left out.
      if (ROW.test(text)) rows.push(parseRow(text));
    }
    start = end + 1;
  }
  return rows;
}

const END = "(?:[\\dA-F]{8}|[\\dA-F]{32}):[\\dA-F]{4}";
const ROW = new RegExp(`^${END} ${END} [\\dA-F]{2} +[^ ]+ +[^ ]+ +[^ ]+ +\\d+ +\\d+ +\\d+`);

/** The kernel reports timers in hundredths of a second (USER_HZ), independent of its own tick rate. */
const TICK_MS = 10;

function parseRow(line: string): SocketRow {
  const [local, remote, state, , timer, , uid, , inode] = line.split(/ +/);
  return {
    local: parseHexEndpoint(local),
    remote: parseHexEndpoint(remote),
    state: STATES[Number.parseInt(state ?? "", 16)] ?? "UNKNOWN",
    uid: Number(uid),
    inode: Number(inode),
    timer: Number.parseInt(timer?.slice(3) ?? "", 16) * TICK_MS || 0,
  };
}

/** `0100007F:9C40`: the address in groups of four bytes, each as a number in the machine's byte order. */
function parseHexEndpoint(text: string = ""): Endpoint {
  const [address = "", port = ""] = text.split(":");
  const words = address.match(/.{8}/g)?.map((word) => Number.parseInt(word, 16)) ?? [];
  const bytes = new Uint8Array(new Uint32Array(words).buffer);
  return { hostname: formatAddress(bytes), port: Number.parseInt(port, 16) };
}

function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return `::ffff:${bytes.slice(12).join(".")}`;
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8 | bytes[2 * i + 1]!).toString(16));
  // The URL standard shortens zeros in the way of RFC 5952.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** The command line in /proc/PID/cmdline, joined with blanks; null when it is empty. */
export function parseCommandLine(text: string): string | null {
  return text.replace(/\0+$/, "").replaceAll("\0", " ") || null;
}

/** The number in a link of /proc/PID/fd or /proc/PID/ns: `socket:[123]`, `net:[4026531840]`. */
export function parseLink(kind: "socket" | "net", link: string): number | null {
  return link.startsWith(`${kind}:[`) ? Number(link.slice(kind.length + 2, -1)) : null;
}

/** User names by id, from /etc/passwd. */
export function parseUsers(text: string): Map<number, string> {
  const rows = text.split("\n").map((line) => line.split(":")).filter(([, , uid]) => uid);
  return new Map(rows.map(([name = "", , uid]) => [Number(uid), name]));
}
