/**
 * Guards the process against connections to itself, in all libraries: load it before the program.
 *
 * ```sh
 * node --import @realpeer/tcp/register main.js
 * deno run --preload jsr:@realpeer/tcp/register main.ts
 * bun --preload @realpeer/tcp/register main.ts
 * ```
 *
 * Every `node:net` and `node:tls` socket is guarded. A socket that the kernel connected to itself emits 'error' with a
 * `SelfConnectError`, code ECONNREFUSED, instead of 'connect', and has been reset. Nothing changes for sockets to real
 * peers, pipes, unix sockets, and sockets whose `localPort` the program chose. Loaded more than once, it guards once.
 *
 * On Deno and Bun it also guards calls that do not go through `node:net`: `fetch`, `WebSocket`, `EventSource`,
 * `Deno.connect`, `Deno.connectTls`, `Bun.connect`, `Bun.SQL`, `Bun.RedisClient`. The port is shielded while one of them
 * dials it, if the kernel may give the port to a client; then a call to a port without a listener is refused (Linux).
 *
 * The environment variable `REALPEER_SHIELD=41000,41002` shields ports for the life of the process (Linux). Text that is
 * not a list of ports from 1 to 65535 is a `RangeError`, and the program does not start.
 *
 * @example
 * ```ts
 * import "@realpeer/tcp/register";
 * import { createConnection } from "node:net";
 *
 * createConnection(5432, "127.0.0.1").on("error", (error) => console.log(error.name)).end();
 * ```
 *
 * @module
 */
import { readEnv } from "../adapters/detect.ts";
import { guardNativeCalls } from "../adapters/native_guard.ts";
import { guardAllSockets } from "../adapters/node/guard.ts";
import { portOf } from "../core/dialed_port.ts";
import { canHold, holdAtOnce, ownHolder, readRisk } from "./own_holder.ts";

/** The ports to shield for the life of the process, from clients of all programs: `41000,41002`. */
const VARIABLE = "REALPEER_SHIELD";

function shieldedPorts(): number[] {
  return (readEnv(VARIABLE) ?? "").split(",").map((text) => text.trim()).filter(Boolean).map((text) => {
    const port = /^\d+$/.test(text) ? portOf(text) : undefined;
    if (port === undefined) {
      throw new RangeError(`Cannot read ${VARIABLE}: expected ports as in 41000,41002, got ${text}`);
    }
    return port;
  });
}

/** Read once, at the first call that dials. */
let risk: ((port: number) => boolean) | undefined;

function isAtRisk(port: number): boolean {
  return (risk ??= readRisk())(port);
}

guardAllSockets();
const ports = shieldedPorts();
if (canHold) {
  for (const port of ports) if (isAtRisk(port)) holdAtOnce(port);
  guardNativeCalls({ isAtRisk, hold: (port) => ownHolder.hold(port), holdAtOnce });
}
