/**
 * Connects and closes, or is refused, many times with the bare call of this runtime and with ours, in turns, and prints
 * microseconds each. connects.ts PORT COUNT ROUNDS; the port is that of listener.py, or a dead one.
 */
import * as net from "node:net";
import process from "node:process";
import { connect as portable } from "../../../mod.ts";
import { connect as nodeConnect, createConnection } from "../../../src/adapters/node.ts";
import { counted } from "../counted.ts";
import { shuffled } from "../numbers.ts";

interface Dial {
  readonly hostname: string;
  readonly port: number;
}

/** Opens and closes one connection; rejects as the runtime does. */
type Connect = (dial: Dial) => Promise<unknown>;

export interface Taken {
  /** Microseconds per connect, one for each round. */
  readonly wall: number[];
  /** The same of CPU time. */
  readonly cpu: number[];
}

/** What no guard can do without: which end this socket got, one system call. */
const BASELINE = "bare + one getsockname call";

/** What no portable connection can do without: it has both ends, and is told when the peer ends. */
const PORTABLE_BASELINE = "bare + both ends and a reader";

const timeout = 30_000;
/** One attempt, so that a refusal ends it too. */
const retry = { maxAttempts: 1 };

function look(localPort: number | undefined, port: number): void {
  if (localPort === port) throw new Error("Cannot measure: connected to itself");
}

function opened(socket: net.Socket): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });
}

function bareNet({ hostname, port }: Dial): Promise<net.Socket> {
  return opened(net.connect({ host: hostname, port }));
}

function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()).destroy());
}

async function subjectsHere(): Promise<Record<string, Connect>> {
  const overPortable: Connect = async ({ hostname, port }) => await (await portable({ hostname, port })).close();
  if ("Deno" in globalThis) {
    const { connect } = await import("../../../src/adapters/deno.ts");
    return {
      bare: async ({ hostname, port }) => (await Deno.connect({ hostname, port })).close(),
      [BASELINE]: async ({ hostname, port }) => {
        const conn = await Deno.connect({ hostname, port });
        look(conn.localAddr.port, port);
        conn.close();
      },
      [PORTABLE_BASELINE]: async ({ hostname, port }) => {
        const conn = await Deno.connect({ hostname, port });
        look(conn.localAddr.port, port);
        look(conn.remoteAddr.port + 1, port);
        const reading = conn.read(new Uint8Array(4096)).catch(() => {});
        conn.close();
        await reading;
      },
      native: async ({ hostname, port }) => (await connect({ hostname, port })).close(),
      "native, timeout": async ({ hostname, port }) => (await connect({ hostname, port, timeout })).close(),
      "native, retry": async ({ hostname, port }) => (await connect({ hostname, port, retry })).close(),
      portable: overPortable,
    };
  }
  if ("Bun" in globalThis) {
    const { connect } = await import("../../../src/adapters/bun.ts");
    const socket = { data() {} };
    return {
      bare: async ({ hostname, port }) => void (await Bun.connect({ hostname, port, socket })).end(),
      [BASELINE]: async ({ hostname, port }) => {
        const opened = await Bun.connect({ hostname, port, socket });
        look(opened.localPort, port);
        opened.end();
      },
      [PORTABLE_BASELINE]: async ({ hostname, port }) => {
        const opened = await Bun.connect({ hostname, port, socket: { data() {}, end() {}, close() {} } });
        if (opened.localAddress === opened.remoteAddress) look(opened.localPort, port);
        look(opened.remotePort + 1, port);
        opened.end();
      },
      native: async ({ hostname, port }) => void (await connect({ hostname, port, socket })).end(),
      "native, timeout": async ({ hostname, port }) => void (await connect({ hostname, port, timeout, socket })).end(),
      "native, retry": async ({ hostname, port }) => void (await connect({ hostname, port, retry, socket })).end(),
      portable: overPortable,
    };
  }
  return {
    bare: async ({ hostname, port }) => await closed(await bareNet({ hostname, port })),
    [BASELINE]: async ({ hostname, port }) => {
      const socket = await bareNet({ hostname, port });
      look(socket.localPort, port);
      await closed(socket);
    },
    [PORTABLE_BASELINE]: async ({ hostname, port }) => {
      const socket = await bareNet({ hostname, port });
      if (socket.localAddress === socket.remoteAddress) look(socket.localPort, port);
      look((socket.remotePort ?? 0) + 1, port);
      await closed(socket.on("data", () => {}).on("end", () => {}));
    },
    native: async ({ hostname, port }) => await closed(await nodeConnect({ hostname, port })),
    "native, timeout": async ({ hostname, port }) => await closed(await nodeConnect({ hostname, port, timeout })),
    "native, retry": async ({ hostname, port }) => await closed(await nodeConnect({ hostname, port, retry })),
    createConnection: async ({ hostname, port }) =>
      await closed(await opened(createConnection({ host: hostname, port }))),
    portable: overPortable,
  };
}

async function isRefused(connect: Connect, dial: Dial): Promise<boolean> {
  try {
    await connect(dial);
    return false;
  } catch (error) {
    if ((error as { code?: string }).code !== "ECONNREFUSED") throw error;
    return true;
  }
}

const [port, count, rounds] = process.argv.slice(2).map(Number) as [number, number, number];
const subjects = Object.entries(await subjectsHere());
const isDead = await isRefused(subjects[0]![1], { hostname: "127.0.0.1", port });

let address = 0;
/** A new address for each round: one with thousands of connections in TIME_WAIT makes the kernel search for a port. */
function nextDial(): Dial {
  if (isDead) return { hostname: "127.0.0.1", port };
  address++;
  return { hostname: `127.${address >> 16 & 255}.${address >> 8 & 255}.${address & 255 || 1}`, port };
}

async function repeat(connect: Connect, times: number): Promise<void> {
  const dial = nextDial();
  if (!isDead) { for (let i = 0; i < times; i++) await connect(dial); }
  else {for (let i = 0; i < times; i++) {
      if (!await isRefused(connect, dial)) {
        throw new Error(`another program has ${port}`);
      }
    }}
}

// The same work first: each subject must be refused, or counted by the listener, as often as it dialed.
for (const [name, connect] of subjects) {
  const before = isDead ? 0 : await counted(port);
  await repeat(connect, 50);
  const seen = isDead ? 50 : await counted(port) - before;
  if (seen !== 50) {
    throw new Error(`Cannot measure: the listener saw ${seen} of 50 connections of ${name}`);
  }
}

const taken = Object.fromEntries(subjects.map(([name]): [string, Taken] => [name, { wall: [], cpu: [] }]));
const WARM_UP_ROUNDS = 10;
for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
  for (const [name, connect] of shuffled(subjects)) {
    const cpuBefore = process.cpuUsage();
    const started = performance.now();
    await repeat(connect, count);
    const wall = (performance.now() - started) * 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    if (round < 0) continue;
    taken[name]!.wall.push(wall / count);
    taken[name]!.cpu.push((user + system) / count);
  }
}
console.log(JSON.stringify(taken));
process.exit(0);
