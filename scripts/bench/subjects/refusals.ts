/**
 * Dials a dead port many times, in blocks, with the guard and in between with the bare call, and prints as JSON what each
 * block cost and what was left. refusals.ts PORT BLOCKS COUNT BARE_COUNT
 */
import { readdirSync } from "node:fs";
import * as net from "node:net";
import process from "node:process";

export interface Refusals {
  /** Microseconds per attempt, one for each block. */
  readonly guarded: number[];
  readonly bare: number[];
  /** Connections that the call returned as a success. */
  readonly guardedConnected: number;
  readonly bareConnected: number;
  readonly newDescriptors: number;
  readonly rssMiB: number[];
}

const [port, blocks, count, bareCount] = process.argv.slice(2).map(Number) as [number, number, number, number];

/** Dials once; true when that was a success, which is dropped with a reset. */
type Dial = () => Promise<boolean>;

function refused(error: unknown): false {
  if ((error as { code?: string }).code !== "ECONNREFUSED") throw error;
  return false;
}

async function dials(): Promise<{ bare: Dial; guarded: Dial }> {
  const target = { hostname: "127.0.0.1", port };
  if ("Deno" in globalThis) {
    const { connect } = await import("../../../src/adapters/deno.ts");
    const drop = (conn: Deno.TcpConn): true => {
      conn.write(new Uint8Array(1 << 20)).catch(() => {});
      conn.close();
      return true;
    };
    return { bare: () => Deno.connect(target).then(drop, refused), guarded: () => connect(target).then(drop, refused) };
  }
  if ("Bun" in globalThis) {
    const { connect } = await import("../../../src/adapters/bun.ts");
    const socket = { data() {} };
    const drop = (socket: { terminate(): void }): true => (socket.terminate(), true);
    return {
      bare: () => Bun.connect({ ...target, socket }).then(drop, refused),
      guarded: () => connect({ ...target, socket }).then(drop, refused),
    };
  }
  const { connect } = await import("../../../src/adapters/node.ts");
  const drop = (socket: net.Socket): true => (socket.resetAndDestroy(), true);
  const bare = (): Promise<net.Socket> =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ host: target.hostname, port });
      socket.once("connect", () => resolve(socket)).once("error", reject);
    });
  return { bare: () => bare().then(drop, refused), guarded: () => connect(target).then(drop, refused) };
}

async function block(dial: Dial, attempts: number): Promise<[microseconds: number, connected: number]> {
  const started = performance.now();
  let connected = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await dial()) connected++;
  }
  return [(performance.now() - started) * 1000 / attempts, connected];
}

const { bare, guarded } = await dials();
await block(bare, 1000);
await block(guarded, 1000);
await new Promise((resolve) => setTimeout(resolve, 500));
const descriptors = readdirSync("/proc/self/fd").length;
const taken: [number[], number[]] = [[], []];
const rssMiB: number[] = [];
let [guardedConnected, bareConnected] = [0, 0];
for (let round = 0; round < blocks; round++) {
  const [guardedTime, guardedCount] = await block(guarded, count);
  const [bareTime, bareCountConnected] = bareCount > 0 ? await block(bare, bareCount) : [NaN, 0];
  taken[0].push(guardedTime);
  taken[1].push(bareTime);
  guardedConnected += guardedCount;
  bareConnected += bareCountConnected;
  rssMiB.push(process.memoryUsage().rss / 2 ** 20);
}
await new Promise((resolve) => setTimeout(resolve, 50));
const refusals: Refusals = {
  guarded: taken[0],
  bare: taken[1],
  guardedConnected,
  bareConnected,
  newDescriptors: readdirSync("/proc/self/fd").length - descriptors,
  rssMiB,
};
console.log(JSON.stringify(refusals));
process.exit(0);
