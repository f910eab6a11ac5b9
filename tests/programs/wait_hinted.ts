/**
 * In a lab namespace: waits for a port whose server begins to listen after a while, and prints as JSON how late that was
 * noticed. wait_hinted.ts HOSTNAME SERVER_ADDRESS PORT [replace]; with "replace" another listener goes in the same moment.
 */
import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { waitForPort } from "../../mod.ts";
import { socketsOnPort } from "./host_sockets.ts";

const [hostname, serverAddress, portText, replaces] = process.argv.slice(2) as [string, string, string, string?];
const port = Number(portText);
/** The pauses between dials are longer than half a second by then. */
const LISTENS_AFTER_MS = 700;

export interface Outcome {
  readonly attempts: number;
  readonly selfConnects: number;
  /** Milliseconds from the listen to the report. */
  readonly late: number;
  /** What was on the port just before. */
  readonly leftBefore: readonly string[];
}

function listen(port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on("error", () => {}).resume());
    server.on("error", reject).listen(port, host, () => resolve(server));
  });
}

if (hostname.startsWith("10.")) execFileSync("ip", ["address", "add", hostname, "dev", "lo"]);
const other = replaces === undefined ? undefined : await listen(0, serverAddress);
const waiting = waitForPort({ hostname, port });
await sleep(LISTENS_AFTER_MS);
const leftBefore = socketsOnPort(port);
other?.close();
await listen(port, serverAddress);
const listened = performance.now();
const { attempts, selfConnects } = await waiting;
const outcome: Outcome = { attempts, selfConnects, late: performance.now() - listened, leftBefore };
console.log(JSON.stringify(outcome));
process.exit();
