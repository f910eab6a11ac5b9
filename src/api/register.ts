/**
 * Guards every `node:net` socket of the process, whichever library opens it: load it before the program.
 *
 * ```sh
 * node --import @realpeer/tcp/register main.js
 * deno run --preload jsr:@realpeer/tcp/register main.ts
 * bun --preload @realpeer/tcp/register main.ts
 * ```
 *
 * A socket that the kernel connected to itself reports `SelfConnectError`, with code ECONNREFUSED, in place of 'connect',
 * and has been reset. Sockets to real peers, pipes, unix sockets, and sockets whose `localPort` the program chose are
 * left as they are. Loading it more than once guards once.
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
import { guardAllSockets } from "../adapters/node/guard.ts";

guardAllSockets();
