/**
 * In a lab namespace: dials with retry while nobody listens, starts a real server after some self-connections, and prints as JSON what
 * the connect that came through was connected to.
 */
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { RetryContext } from "../../mod.ts";
import { connects } from "./connects.ts";
import { hasListener, socketsOnPort } from "./host_sockets.ts";

const [hostname, serverAddress, portText, kind] = process.argv.slice(2) as [string, string, string, string];
const port = Number(portText);

export interface Outcome {
  readonly accepted: boolean;
  readonly selfConnects: number;
  readonly leftBefore: readonly string[];
  readonly isListening: boolean;
}

let selfConnects = 0;
const onRetry = ({ selfConnect }: RetryContext): void => {
  if (selfConnect) selfConnects++;
};
const connecting = connects[kind]!({
  hostname,
  port,
  retry: { initialDelay: 5, multiplier: 1 },
  timeout: 20_000,
  onRetry,
});
// A busy machine makes few attempts in a given time. Without any the call's own timeout ends this.
connecting.catch(() => process.exit(1));
while (selfConnects <= 3) await sleep(5);
const clients: number[] = [];
const server = createServer((socket) => {
  clients.push(socket.remotePort!);
  socket.on("error", () => {}).resume();
});
let leftBefore: string[] = [];
for (let tries = 0; tries < 100; tries++) {
  // What is on the port between two attempts; an attempt itself is over within microseconds.
  leftBefore = socketsOnPort(port);
  if (leftBefore.length === 0) break;
  await sleep(1);
}
await new Promise<void>((resolve, reject) => server.on("error", reject).listen(port, serverAddress, resolve));
const opened = await connecting;
await sleep(50);
const outcome: Outcome = {
  accepted: clients.includes(opened.local.port),
  selfConnects,
  leftBefore,
  isListening: hasListener(port),
};
console.log(JSON.stringify(outcome));
await opened.close();
server.close();
setTimeout(() => process.exit(), 200).unref();
