/** In a lab namespace: what the handlers of a Bun socket hear of self-connections that were rejected, as JSON. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../src/adapters/bun.ts";
import { recorder } from "../fixtures/bun_recorder.ts";
import { startServer, type TcpServer } from "../fixtures/tcp_server.ts";

const port = Number(process.argv[2]);
const { heard, bytes, socket } = recorder();

const error = await connect({ hostname: "127.0.0.1", port, socket, data: "mine" }).catch((error) => error);
await sleep(50);
const rejected = { heard: heard.splice(0), name: error.name };

const connecting = connect({
  hostname: "127.0.0.1",
  port,
  socket,
  data: "mine",
  retry: { initialDelay: 5, multiplier: 1 },
});
await sleep(100);
/** A self-connection holds the port until it is reset, a millisecond later: a server may have to try again. */
async function startBetween(): Promise<TcpServer> {
  try {
    return await startServer((socket) => socket.write(Buffer.alloc(1 << 20)), "127.0.0.1", port);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EADDRINUSE") throw error;
    await sleep(1);
    return await startBetween();
  }
}
const server = await startBetween();
await connecting;
while (bytes() < 1 << 20) await sleep(5);
console.log(JSON.stringify({ rejected, retried: { heard, bytes: bytes() } }));
await server[Symbol.asyncDispose]();
process.exit();
