/**
 * Lets a guarded client dial a dead port of a lab namespace; then a server binds the port, which proves it free, the real
 * one starts there, and the client is asked until it has the real answer.
 */
import { execFileSync } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { setTimeout as pause } from "node:timers/promises";
import { clients } from "../clients/all_clients.ts";
import type { Guard } from "../clients/client.ts";
import type { RunningServer } from "../fixtures/daemon.ts";
import { root } from "../fixtures/runtime.ts";
import { servers } from "../fixtures/servers.ts";

export interface Protection {
  /** The codes of all errors that the client reported while nobody was listening, each once. */
  readonly codes: readonly string[];
  /** Whether the diagnostics channel told of each. */
  readonly isPublished: boolean;
  /** What a server without SO_REUSEADDR said that bound the port at once. */
  readonly bind: string;
  readonly answer: unknown;
}

const [name, guard, portText, folder] = process.argv.slice(2) as [string, Guard, string, string];
const port = Number(portText);
let published = 0;
subscribe("realpeer:self-connect", () => published++);
if (guard === "register") await import("../../src/api/register.ts");

/**
 * Starts the real server while the client goes on dialing. Here every dial is a self-connection until the guard has reset
 * it, a moment in which the port is taken; a server that meets it is started again, as by any supervisor.
 */
async function startAmongDials(): Promise<RunningServer> {
  for (let triesLeft = 5;; triesLeft--) {
    try {
      return await servers[client.server].start(folder, port);
    } catch (error) {
      if (triesLeft === 0) throw error;
    }
  }
}

const client = clients[name]!;
const codes = new Set<string>();
let reportFirst = (): void => {};
const first = new Promise<void>((resolve) => reportFirst = resolve);
const onError = (error: unknown): void => {
  const { code, message, cause } = error as { code?: string; message: string; cause?: { code?: string } };
  codes.add(code ?? cause?.code ?? message);
  reportFirst();
};
const session = await client.open(port, guard, onError);
const answered = (async () => {
  while (true) {
    try {
      return await session.ask();
    } catch (error) {
      onError(error);
      await pause(50);
    }
  }
})();
await Promise.race([first, answered]);
const script = `${root}tests/programs/strict_server.py`;
const bind = execFileSync("python3", [script, "127.0.0.1", portText], { encoding: "utf8" }).trim();
const codesWithoutServer = [...codes];
const isPublished = published > 0;
const server = await startAmongDials();
const answer = await answered;
await session.close();
await server.stop();
console.log(JSON.stringify({ codes: codesWithoutServer, isPublished, bind, answer } satisfies Protection));
process.exit(0);
