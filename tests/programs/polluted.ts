/**
 * Connects while Object.prototype has properties with the names of options, and prints how that went as JSON.
 *
 *   polluted.ts PORT API NAME...
 */
import process from "node:process";
import { connect } from "../../mod.ts";
import { connect as nodeConnect } from "../../src/adapters/node.ts";

const VALUES: Readonly<Record<string, unknown>> = {
  allowHalfOpen: "no",
  attemptTimeout: -1,
  autoSelectFamily: "no",
  family: 7,
  hints: -1,
  host: "nobody.test",
  localAddress: "no address",
  localPort: 1,
  lookup: 7,
  onRetry: 7,
  path: "/nowhere",
  // Bun's node:stream reads this one itself.
  ...("Bun" in globalThis ? {} : { signal: 7 }),
  stableFor: -1,
  timeout: -1,
  transport: "udp",
};

const [port, api] = process.argv.slice(2);
const target = { hostname: "127.0.0.1", port: Number(port), retry: { maxAttempts: 2 } };

async function dialOnce(): Promise<void> {
  if (api === "portable") return await (await connect(target)).close();
  if (api === "node") return void (await nodeConnect(target)).destroy();
  if (api === "deno") return (await (await import("../../src/adapters/deno.ts")).connect(target)).close();
  const socket = await (await import("../../src/adapters/bun.ts")).connect({ ...target, socket: { data() {} } });
  socket.terminate();
}

await dialOnce();
const outcomes: Record<string, string> = {};
for (const [name, value] of Object.entries(VALUES)) {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: true, writable: true });
  const dialing = dialOnce().then(() => "connected", (error) => String(error));
  outcomes[name] = await Promise.race([
    dialing,
    new Promise<string>((resolve) => setTimeout(resolve, 3000, "pending")),
  ]);
  Reflect.deleteProperty(Object.prototype, name);
}
console.log(JSON.stringify(outcomes));
process.exit();
