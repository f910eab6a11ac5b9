/** Dials a dead port of a lab namespace with every connect there is here, and prints what came of it as JSON. */
import { execFileSync } from "node:child_process";
import { connect as nodeConnect } from "../../src/adapters/node.ts";
import { connect } from "../../mod.ts";
import { runtime } from "../fixtures/runtime.ts";
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

const connects: Record<string, () => Promise<unknown>> = {
  "portable": () => connect({ hostname, port }),
  "portable, cancellable": () => connect({ hostname, port, timeout: 5000 }),
  "node": () => nodeConnect({ host: hostname, port }),
};
if (runtime === "deno") {
  const { connect } = await import("../../src/adapters/deno.ts");
  connects["deno"] = () => connect({ hostname, port });
}
if (runtime === "bun") {
  const { connect } = await import("../../src/adapters/bun.ts");
  connects["bun"] = () => connect({ hostname, port, socket: { data() {} } });
}

const serverAddress = hostname.includes(":") ? "::" : "0.0.0.0";
const outcomes: Record<string, Outcome | string> = {};
for (const [kind, open] of Object.entries(connects)) {
  try {
    await open();
    outcomes[kind] = "connected";
  } catch (error) {
    const { name, code, attempts } = error as { name: string; code: string; attempts: number };
    const left = socketsOnPort(port);
    const script = new URL("./strict_server.py", import.meta.url).pathname;
    const server = execFileSync("python3", [script, serverAddress, portText], { encoding: "utf8" }).trim();
    outcomes[kind] = { name, code, attempts, isError: error instanceof Error, left, server };
  }
}
console.log(JSON.stringify(outcomes));
