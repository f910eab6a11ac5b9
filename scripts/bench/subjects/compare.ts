/**
 * Compares the two ends of connections in every way people do, and prints as JSON which are right and what each costs.
 * Run with --expose-gc, so that allocations can be told.
 */
import * as net from "node:net";
import { isSelfConnection, sameEndpoint } from "../../../mod.ts";

/** Whether two addresses are one. */
type Compare = (a: string, b: string) => boolean;

export interface Compared {
  /** The kinds of pairs that it gets wrong. */
  readonly wrong: string[];
  /** Nanoseconds per comparison, one for each round. */
  readonly plain: number[];
  readonly mixed: number[];
}

export interface Comparison {
  readonly compares: Record<string, Compared>;
  /** Nanoseconds per isSelfConnection() of a connected net.Socket, one for each round. */
  readonly isSelfConnection: number[];
  /** Bytes of heap per call. */
  readonly allocated: number;
}

const PAIRS: Record<string, [a: string, b: string, isSame: boolean][]> = {
  equal: [["127.0.0.1", "127.0.0.1", true], ["::1", "::1", true]],
  different: [["127.0.0.1", "127.0.0.2", false], ["::1", "::2", false], ["127.0.0.1", "::1", false]],
  mapped: [["::ffff:127.0.0.1", "127.0.0.1", true], [
    "::ffff:7f00:1",
    "127.0.0.1",
    true,
  ], ["::127.0.0.1", "127.0.0.1", false]],
  compressed: [["0:0:0:0:0:0:0:1", "::1", true], ["FE80::0001", "fe80:0::1", true]],
  zoned: [["fe80::1%eth0", "fe80::1", true], [
    "fe80::1%eth0",
    "fe80::1%eth1",
    false,
  ], ["fe80::1%eth0", "fe80::1%eth0", true]],
};

const family = (address: string): "ipv4" | "ipv6" => address.includes(":") ? "ipv6" : "ipv4";

/** As much of the peer as is used here: it is installed beside the benchmark only. */
interface IpAddr {
  process(text: string): { toNormalizedString(): string };
}

const { default: ipaddr }: { default: IpAddr } = await import("ipaddr.js" as string);

const compares: Record<string, Compare> = {
  "realpeer sameEndpoint": (a, b) => sameEndpoint({ hostname: a, port: 1 }, { hostname: b, port: 1 }),
  "plain text": (a, b) => a === b,
  "ipaddr.js": (a, b) =>
    ipaddr.process(a).toNormalizedString() ===
      ipaddr.process(b).toNormalizedString(),
  "net.SocketAddress": (a, b) =>
    new net.SocketAddress({ address: a, family: family(a) }).address ===
      new net.SocketAddress({ address: b, family: family(b) }).address,
  "net.BlockList": (a, b) => {
    const list = new net.BlockList();
    list.addAddress(a, family(a));
    return list.check(b, family(b));
  },
};

const ROUNDS = 15;

function wrongKinds(compare: Compare): string[] {
  return Object.keys(PAIRS).filter((kind) =>
    PAIRS[kind]!.some(([a, b, isSame]) => {
      try {
        return compare(a, b) !== isSame;
      } catch {
        return true;
      }
    })
  );
}

/** Nanoseconds per comparison over these pairs. */
function time(compare: Compare, pairs: [string, string, boolean][], rounds: number): number {
  const started = process.hrtime.bigint();
  let same = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [a, b] of pairs) {
      try {
        if (compare(a, b)) same++;
      } catch {
        same--;
      }
    }
  }
  const taken = Number(process.hrtime.bigint() - started);
  if (same === Infinity) console.error(same);
  return taken / rounds / pairs.length;
}

const result: Record<string, Compared> = {};
for (const [name, compare] of Object.entries(compares)) {
  result[name] = { wrong: wrongKinds(compare), plain: [], mixed: [] };
}
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, compare] of Object.entries(compares)) {
    result[name]!.plain.push(time(compare, PAIRS["equal"]!, 5000));
    result[name]!.mixed.push(time(compare, Object.values(PAIRS).flat(), 1000));
  }
}

const CALLS = 1_000_000;
const server = net.createServer().listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
await new Promise((resolve) => socket.once("connect", resolve));
const timed: number[] = [];
const heap: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  (globalThis as { gc?: () => void }).gc?.();
  const before = process.memoryUsage().heapUsed;
  const started = process.hrtime.bigint();
  let selfs = 0;
  for (let call = 0; call < CALLS; call++) {
    if (isSelfConnection(socket)) selfs++;
  }
  timed.push(Number(process.hrtime.bigint() - started) / CALLS);
  heap.push((process.memoryUsage().heapUsed - before) / CALLS);
  if (selfs !== 0) {
    throw new Error("Cannot measure: a real peer was taken for a self-connection");
  }
}
socket.destroy();
server.close();
heap.sort((a, b) => a - b);
const comparison: Comparison = { compares: result, isSelfConnection: timed, allocated: heap[ROUNDS >> 1]! };
console.log(JSON.stringify(comparison));
