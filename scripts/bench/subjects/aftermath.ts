/**
 * In a lab namespace: lets a command meet its own self-connection, then tries every millisecond to listen on the port as
 * any server does, and prints how long that took. aftermath.ts PORT LIMIT_MS COMMAND...
 *
 * A command that has no conversation to offer prints one line and ends.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";

export interface Aftermath {
  readonly outcome: string;
  /** Milliseconds until the server could listen; null: not within the limit. */
  readonly keptOff: number | null;
}

const [portText, limitText, file, ...args] = process.argv.slice(2) as [string, string, string, ...string[]];
const port = Number(portText);
const limit = Number(limitText);

/** The code of the error, or null when the server listens. */
function listen(): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? "unknown"));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(null)));
  });
}

const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: child.stdout });
const outcome = await new Promise<string>((resolve) => {
  lines.on("line", (line) => {
    if (line === "null") child.stdin.write("null\n");
    else resolve(line);
  });
});
const started = performance.now();
let error = await listen();
let elapsed = performance.now() - started;
while (error === "EADDRINUSE" && elapsed < limit) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  error = await listen();
  elapsed = performance.now() - started;
}
if (error !== null && error !== "EADDRINUSE") throw new Error(`Cannot measure: the server failed with ${error}`);
child.stdin.end();
const aftermath: Aftermath = { outcome, keptOff: error === null ? elapsed : null };
console.log(JSON.stringify(aftermath));
process.exit(0);
