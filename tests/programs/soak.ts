/**
 * In a lab namespace, dials a port on which a server comes and goes, then gives up connects after every delay and with
 * every load of the event loop, and prints as JSON what got through and what was left. `npm run soak` runs it long.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { busyLoop } from "../fixtures/busy_loop.ts";
import { LAB_PORT } from "../fixtures/lab.ts";
import { root } from "../fixtures/runtime.ts";
import { connects } from "./connects.ts";
import { socketsOnPort, TCP_ESTABLISHED } from "./host_sockets.ts";

const [kind, attemptsText, stepText] = process.argv.slice(2) as [string, string, string];
/** Outside the lab's ephemeral range. */
const HOLDING_PORT = 30_001;
const DEAD_PORT = LAB_PORT;
const LONGEST_DELAY_MS = 30;
const BUSY_MS = [0, 40, 80];

export interface Outcome {
  readonly attempts: number;
  readonly connected: number;
  readonly refused: number;
  /** Connections whose two ends are one, which must not be. */
  readonly falseConnections: number;
  readonly otherErrors: readonly string[];
  /** Connects that were given up, and those that had succeeded before that. */
  readonly givenUp: number;
  readonly succeeded: number;
  /** Sockets of this process that are still connected to the holding server. */
  readonly leftConnected: readonly string[];
  /** Sockets on the dead port. */
  readonly leftOnPort: readonly string[];
}

const connect = connects[kind]!;
const otherErrors = new Set<string>();
let [connected, refused, falseConnections, givenUp, succeeded] = [0, 0, 0, 0, 0];

/**
 * A server that goes away resets what waits in its queue, which Deno can find gone before it has asked for its ends; and
 * the lab's few ports are used up at times, which Deno's node:net reports as EINVAL.
 */
const EXPECTED_CODES = ["ECONNREFUSED", "ECONNRESET", "ENOTCONN", "EADDRNOTAVAIL", "EINVAL"];

function count(error: unknown): void {
  if (EXPECTED_CODES.includes(String((error as { code?: unknown }).code))) refused++;
  else otherErrors.add(String(error));
}

/** Dials the port on which a server comes and goes. */
async function flap(attempts: number): Promise<void> {
  for (let i = 0; i < attempts; i++) {
    try {
      const opened = await connect({ hostname: "127.0.0.1", port: LAB_PORT });
      connected++;
      if (opened.local.port === LAB_PORT) falseConnections++;
      await opened.close();
    } catch (error) {
      count(error);
    }
    // The runtime sees to what it has closed.
    if (i % 100 === 0) await sleep(0);
  }
}

/** Gives up after every delay, with a loop that is free or late. */
async function sweep(port: number, step: number): Promise<void> {
  for (const busy of BUSY_MS) {
    for (let delay = 0; delay <= LONGEST_DELAY_MS; delay += step) {
      const controller = new AbortController();
      const connecting = connect({ hostname: "127.0.0.1", port, signal: controller.signal, retry: true });
      const settled = connecting.then(async (opened) => {
        succeeded++;
        await opened.close();
      }, (error) => {
        if (error === "given up") givenUp++;
        else count(error);
      });
      if (delay > 0) await sleep(delay);
      controller.abort("given up");
      busyLoop(busy);
      await settled;
    }
  }
}

const flapping = spawn("python3", [
  `${root}tests/programs/flapping_server.py`,
  "127.0.0.1",
  String(LAB_PORT),
  String(HOLDING_PORT),
], { stdio: ["ignore", "pipe", "inherit"] });
await once(flapping.stdout, "data");
try {
  await flap(Number(attemptsText));
  await sweep(HOLDING_PORT, Number(stepText));
} finally {
  // Stopped, it no longer comes and goes, but keeps what it holds.
  process.kill(flapping.pid!, "SIGSTOP");
}
await sleep(300);
const leftConnected = socketsOnPort(HOLDING_PORT, "remote").filter((row) => row.startsWith(TCP_ESTABLISHED));
// Deno forgets a child that it has sent a signal once: by its id.
process.kill(flapping.pid!, "SIGKILL");
await sleep(100);
const before = new Set(socketsOnPort(DEAD_PORT));
await sweep(DEAD_PORT, Number(stepText));
await sleep(300);
const outcome: Outcome = {
  attempts: Number(attemptsText),
  ...{ connected, refused, falseConnections, otherErrors: [...otherErrors], givenUp, succeeded, leftConnected },
  leftOnPort: socketsOnPort(DEAD_PORT).filter((row) => !before.has(row)),
};
console.log(JSON.stringify(outcome));
process.exit();
