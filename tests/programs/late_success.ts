/**
 * In a namespace that drops everything to one port: dials it with a short attemptTimeout, lets the kernel's next SYN
 * through after that, and prints as JSON what the server on the port saw of the late success.
 */
import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connects } from "./connects.ts";

const [kind, portText] = process.argv.slice(2) as [string, string];
const port = Number(portText);

export interface Outcome {
  readonly code: string | undefined;
  readonly accepted: number;
  readonly open: number;
}

let accepted = 0;
const server = createServer((socket) => {
  accepted++;
  socket.on("error", () => {}).resume();
});
await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
let code: string | undefined;
await connects[kind]!({ hostname: "127.0.0.1", port, attemptTimeout: 200 }).catch((error) => code = error.code);
execFileSync("iptables", ["-F", "INPUT"]);
// The SYN is sent again after one second (RFC 6298, 2.1).
await sleep(1500);
const open = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
const outcome: Outcome = { code, accepted, open } as Outcome;
console.log(JSON.stringify(outcome));
server.close();
