import { once } from "node:events";
import net from "node:net";
import { expect, test } from "vitest";
import { connect } from "../../src/adapters/node.ts";
import { startServer } from "../fixtures/tcp_server.ts";

const HOST = "127.0.0.1";

/** What decides whether a socket flows, and whether its errors are heard. */
function stateOf(socket: net.Socket): unknown {
  const listeners = socket.eventNames().map((name) => [name, socket.listenerCount(name)]);
  return { listeners, flowing: socket.readableFlowing, isPaused: socket.isPaused() };
}

for (const stableFor of [0, 20]) {
  test(`connect() returns a socket that flows and reports errors as a bare one (stableFor ${stableFor})`, async () => {
    await using server = await startServer((socket) => void socket.write("hello"));
    const bare = net.connect(server.port, HOST);
    await once(bare, "connect");
    const socket = await connect({ host: HOST, port: server.port, stableFor });
    expect(stateOf(socket)).toEqual(stateOf(bare));
    bare.destroy();
    socket.destroy();
  });
}
