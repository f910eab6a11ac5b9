/**
 * Gives up connects in the very milliseconds in which the kernel completes them, one second late, and prints the sockets that
 * are left connected as JSON.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connects } from "./connects.ts";
import { socketsOnPort, TCP_ESTABLISHED } from "./host_sockets.ts";

const [kind, script] = process.argv.slice(2) as [string, string];
const COUNT = 600;
/** The kernel repeats a SYN after a second (RFC 6298, 2.1), and not to the millisecond. */
const [FIRST_MS, LAST_MS] = [995, 1120];

export interface Outcome {
  readonly givenUp: number;
  readonly connected: number;
  readonly left: readonly string[];
}

const server = spawn("python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
const [line] = await once(server.stdout, "data");
const port = Number(String(line));
let [givenUp, connected] = [0, 0];
const all = Array.from({ length: COUNT }, async (_, i) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort("given up"), FIRST_MS + (LAST_MS - FIRST_MS) * i / COUNT);
  try {
    await (await connects[kind]!({ hostname: "127.0.0.1", port, signal: controller.signal })).close();
    connected++;
  } catch (error) {
    if (error === "given up") givenUp++;
    else throw error;
  }
});
await sleep(500);
server.stdin.write("go\n");
await Promise.all(all);
await sleep(1000);
const left = socketsOnPort(port, "remote").filter((row) => row.startsWith(TCP_ESTABLISHED));
server.kill("SIGKILL");
const outcome: Outcome = { givenUp, connected, left };
console.log(JSON.stringify(outcome));
process.exit();
