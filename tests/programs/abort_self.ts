/** Gives up connects of a lab namespace that are connected to themselves already, and prints what is left on the port. */
import { setTimeout as sleep } from "node:timers/promises";
import { connects } from "./connects.ts";
import { socketsOnPort } from "./host_sockets.ts";

const [kind, portText] = process.argv.slice(2) as [string, string];
const port = Number(portText);

for (let i = 0; i < 20; i++) {
  const controller = new AbortController();
  const pending = connects[kind]!({ hostname: "127.0.0.1", port, signal: controller.signal });
  if (i % 2 === 0) queueMicrotask(() => controller.abort());
  else setTimeout(() => controller.abort(), 0);
  await pending.catch(() => {});
  await sleep(70);
}
console.log(JSON.stringify(socketsOnPort(port)));
