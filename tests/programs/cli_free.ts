/**
 * Holds port 40000 of a lab namespace in one way after another, asks `realpeer wait --free` about it each time, and
 * prints the answers as JSON.
 */
import { createServer, type Server, type Socket } from "node:net";
import { connect } from "node:net";
import { once } from "node:events";
import { selfConnectedPair } from "../../src/api/testing.ts";
import { runHere } from "../cli/fake_system.ts";
import { socketsOnPort } from "./host_sockets.ts";

const PORT = 40000;

export interface FreeAnswer {
  readonly code: number | null;
  readonly error: string | null;
}

async function ask(target: string): Promise<FreeAnswer> {
  const args = ["wait", "--free", "--json", "--timeout", "400ms", target];
  const { code, stdout, stderr } = await runHere(args);
  if (stdout === "") throw new Error(stderr);
  return { code, error: JSON.parse(stdout).targets[0].error };
}

async function listen(host: string): Promise<Server> {
  const server = createServer((socket: Socket) => socket.on("error", () => {}).end());
  server.listen({ port: PORT, host });
  await once(server, "listening");
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

const answers: Record<string, FreeAnswer> = {};
answers["nobody"] = await ask(String(PORT));
answers["an address of nobody"] = await ask(`192.0.2.1:${PORT}`);

for (const host of ["127.0.0.1", "0.0.0.0", "::1", "::"]) {
  const server = await listen(host);
  answers[`listener on ${host}, every address`] = await ask(String(PORT));
  answers[`listener on ${host}, 127.0.0.1`] = await ask(`127.0.0.1:${PORT}`);
  await close(server);
}

const pair = await selfConnectedPair({ port: PORT });
answers["live self-connection"] = await ask(String(PORT));
answers["live self-connection, other address"] = await ask(`127.0.0.2:${PORT}`);
await pair.release();
answers["after its reset"] = await ask(String(PORT));

// The server closes first, so its end is the one in TIME_WAIT.
const server = await listen("127.0.0.1");
const client = connect(PORT, "127.0.0.1");
client.resume();
await once(client, "end");
client.end();
await once(client, "close");
await close(server);
const left = socketsOnPort(PORT);
answers["TIME_WAIT"] = await ask(String(PORT));
answers["TIME_WAIT, 127.0.0.1"] = await ask(`127.0.0.1:${PORT}`);
answers["TIME_WAIT, other address"] = await ask(`127.0.0.2:${PORT}`);

console.log(JSON.stringify({ left, answers }));
