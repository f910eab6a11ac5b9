/** What a Node project does with `@realpeer/tcp/node` and `@realpeer/tcp/testing`. */
import { once } from "node:events";
import * as net from "node:net";
import { isSelfConnection } from "@realpeer/tcp";
import { connect, createConnection, guardSocket, type NodeConnectOptions, SelfConnectError } from "@realpeer/tcp/node";
import { deadPort, selfConnectedPair } from "@realpeer/tcp/testing";

const dead = { host: "127.0.0.1", port: 40000 };
const echo: NodeConnectOptions = { host: "127.0.0.1", port: 50000, noDelay: true };

/** The events of a socket up to its end. */
async function eventsOf(socket: net.Socket): Promise<string> {
  const events: string[] = [];
  socket.on("connect", () => events.push("connect")).on("ready", () => events.push("ready"));
  socket.on("error", (error) => events.push(error.name));
  await new Promise((resolve) => socket.on("close", resolve));
  return events.join();
}

async function main(): Promise<void> {
  const refusal: unknown = await connect(dead).catch((error: unknown) => error);
  if (refusal instanceof SelfConnectError) console.log(refusal.name, refusal.code, refusal.attempts);
  console.log("createConnection", await eventsOf(createConnection(dead.port, dead.host)));
  console.log("guardSocket", await eventsOf(guardSocket(new net.Socket()).connect(dead)));

  const socket: net.Socket = await connect(echo);
  // @ts-expect-error a socket has no such member: its type is not any
  if (socket.noSuchMember !== undefined) throw new Error("it has");
  socket.end("hello");
  const [chunk] = await once(socket, "data");
  console.log("echo", String(chunk));

  const pair = await selfConnectedPair();
  console.log("selfConnectedPair", isSelfConnection(pair.socket));
  await pair.release();
  const port = await deadPort();
  const refused = await connect({ host: port.hostname, port: port.port }).catch(({ code }: { code: string }) => code);
  console.log("deadPort", refused);
  await port.release();
}

// @ts-expect-error a port is required
export const incomplete: NodeConnectOptions = { host: "127.0.0.1" };

main();
