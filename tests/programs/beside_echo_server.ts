/**
 * Runs a command while real servers send back what they are sent, and ends with its exit status: on 127.0.0.1:50000, and
 * on every address with the ports that README.md and doc comments dial.
 */
import { spawn } from "node:child_process";
import { hasRegistries, registryAddresses, relay } from "../fixtures/registries.ts";
import { echo, startServer } from "../fixtures/tcp_server.ts";

const DOCUMENTED_PORTS = [5432, 6379, 41000];

const [command, ...args] = process.argv.slice(2) as [string, ...string[]];
const servers = [
  startServer(echo, "127.0.0.1", 50000),
  ...DOCUMENTED_PORTS.map((port) => startServer(echo, "::", port)),
];
await Promise.all(servers);
if (hasRegistries()) {
  for (const { url, socket } of Object.values(registryAddresses())) await relay(Number(new URL(url).port), socket);
}
const child = spawn(command, args, { stdio: "inherit" });
const status = await new Promise<number>((resolve, reject) => {
  child.on("error", reject).on("close", (code) => resolve(code ?? 1));
});
process.exit(status);
