/** Dials a dead port of a lab namespace with every connect there is here, and prints what came of it as JSON. */
import { execFileSync } from "node:child_process";
import { root } from "../fixtures/runtime.ts";
import { connects } from "./connects.ts";
import { socketsOnPort } from "./host_sockets.ts";

const [hostname, portText] = process.argv.slice(2) as [string, string];
const port = Number(portText);

export interface Outcome {
  readonly name: string;
  readonly code: string;
  readonly attempts: number;
  readonly isError: boolean;
  /** What is left on the port in any state, read at once. */
  readonly left: readonly string[];
  /** What a server without SO_REUSEADDR says that binds the port at once. */
  readonly server: string;
}

const serverAddress = hostname.includes(":") ? "::" : "0.0.0.0";
const serverScript = `${root}tests/programs/strict_server.py`;
const outcomes: Record<string, Outcome | string> = {};
for (const [kind, connect] of Object.entries(connects)) {
  for (const limits of [{}, { timeout: 5000 }]) {
    const name = `${kind} ${JSON.stringify(limits)}`;
    try {
      await connect({ hostname, port, ...limits });
      outcomes[name] = "connected";
    } catch (error) {
      const { name: errorName, code, attempts } = error as { name: string; code: string; attempts: number };
      const left = socketsOnPort(port);
      const server = execFileSync("python3", [serverScript, serverAddress, portText], { encoding: "utf8" }).trim();
      outcomes[name] = { name: errorName, code, attempts, isError: error instanceof Error, left, server };
    }
  }
}
console.log(JSON.stringify(outcomes));
