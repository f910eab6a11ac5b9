/** Many waitForPort() at once in one process; a server starts after they all wait. many_waiters.ts COUNT, prints JSON. */
import { readdirSync } from "node:fs";
import * as net from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { waitForPort } from "../../../mod.ts";
import { cpu } from "./answer.ts";

export interface ManyWaiters {
  readonly failed: number;
  /** Milliseconds of CPU time in those ten seconds, of all waiters together; what it takes to start them is in it. */
  readonly cpuMs: number;
  /** KiB of resident memory per waiter, while all wait. */
  readonly perWaiter: number;
  readonly newDescriptors: number;
  /** Milliseconds from the listen to the last report. */
  readonly lastReport: number;
  readonly attempts: number;
}

/** How long all wait before there is a server. */
const WAITED_MS = 10_000;
const count = Number(process.argv[2]);
const hostname = "127.0.0.1";
const server = net.createServer((socket) => void socket.on("error", () => {}).resume());
await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
const { port } = server.address() as net.AddressInfo;
// Everything is loaded and every descriptor of the runtime's own is open.
await waitForPort({ hostname, port });
await sleep(500);
await new Promise((resolve) => server.close(resolve));
const descriptors = readdirSync("/proc/self/fd").length;
const before = process.memoryUsage().rss;
const cpuBefore = cpu();
const waiting = Array.from(
  { length: count },
  () => waitForPort({ hostname, port, timeout: 120_000 }).catch(() => null),
);
await sleep(WAITED_MS);
const cpuMs = (cpu() - cpuBefore) / 1000;
const perWaiter = (process.memoryUsage().rss - before) / 1024 / count;
const accepted: net.Socket[] = [];
const late = net.createServer((socket) => void accepted.push(socket.on("error", () => {}).resume()));
await new Promise<void>((resolve) => late.listen({ port, host: hostname, backlog: 4096 }, resolve));
const listened = performance.now();
const results = await Promise.all(waiting);
const lastReport = performance.now() - listened;
// Where the queue of accepted connections overflows, the kernel drops the client's FIN: the server would wait for ever.
for (const socket of accepted) socket.destroy();
await new Promise((resolve) => late.close(resolve));
await sleep(200);
const manyWaiters: ManyWaiters = {
  failed: results.filter((result) => result === null).length,
  cpuMs,
  perWaiter,
  newDescriptors: readdirSync("/proc/self/fd").length - descriptors,
  lastReport,
  attempts: results.reduce((sum, result) => sum + (result?.attempts ?? 0), 0),
};
console.log(JSON.stringify(manyWaiters));
process.exit(0);
