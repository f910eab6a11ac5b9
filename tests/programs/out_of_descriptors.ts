/** Waits for a port while this process has no descriptor left for 400 ms, and prints how many attempts that took. */
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connects } from "./connects.ts";

const [kind, portText] = process.argv.slice(2) as [string, string];
const target = { hostname: "127.0.0.1", port: Number(portText) };
// What the runtime loads on its first connect has to be loaded before.
await (await connects[kind]!({ ...target, retry: true })).close();
// Deno panics where it cannot open the pipe that it hears of signals through: it is opened before, too.
process.on("SIGWINCH", () => {});
// So is what it does in the background at its start.
await sleep(300);
const files: number[] = [];
try {
  while (true) files.push(openSync("/dev/null", "r"));
} catch {
  // That was the last one.
}
setTimeout(() => files.forEach((file) => closeSync(file)), 400);
const started = performance.now();
const failures: string[] = [];
const onRetry = ({ error }: { error: unknown }): void => void failures.push(String((error as { code?: string }).code));
try {
  await (await connects[kind]!({ ...target, retry: true, onRetry, timeout: 5000 })).close();
  console.log(JSON.stringify({ failures: new Set(failures).size > 0, elapsed: performance.now() - started }));
} finally {
  process.exit();
}
