// What a program on Windows sees of the package; prints one JSON document.
import { createHash } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { connect, isSelfConnection, waitForPort } from "@realpeer/tcp";
import { deadPort, selfConnectedPair } from "@realpeer/tcp/testing";

const silentPort = Number(process.argv[2]);
const SIZE = 10_000_000;
const sha = () => createHash("sha256");

async function listen(onConnect) {
  const server = net.createServer(onConnect);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Ten megabytes to a server and ten back, both compared by their hash. */
async function transfer() {
  const bytes = new Uint8Array(SIZE).map((_, i) => i * 31 + (i >> 8));
  const expected = sha().update(bytes).digest("hex");
  let received = "";
  const server = await listen((socket) => {
    const hash = sha();
    let size = 0;
    socket.on("data", (chunk) => {
      hash.update(chunk);
      size += chunk.length;
      if (size !== SIZE) return;
      received = hash.digest("hex");
      socket.end(bytes);
    });
  });
  const connection = await connect({ hostname: "127.0.0.1", port: server.address().port });
  const writer = connection.writable.getWriter();
  for (let at = 0; at < SIZE; at += 65_536) await writer.write(bytes.subarray(at, at + 65_536));
  const hash = sha();
  for await (const chunk of connection.readable) hash.update(chunk);
  await connection.close();
  server.close();
  return [received === expected, hash.digest("hex") === expected];
}

async function codeOf(promise) {
  try {
    await promise;
    return "connected";
  } catch (error) {
    return `${error.name} ${error.code}`;
  }
}

async function fixtures() {
  const pair = await selfConnectedPair();
  const isSelf = isSelfConnection(pair.socket);
  const { local, remote } = pair;
  await pair.release();
  const server = net.createServer().listen(local.port, local.hostname);
  await once(server, "listening");
  server.close();
  const dead = await deadPort();
  const refused = await codeOf(connect({ hostname: dead.hostname, port: dead.port }));
  await dead.release();
  return { isSelf, isSamePort: local.port === remote.port, refused };
}

async function waiting() {
  const server = await listen((socket) => socket.end());
  const { port } = server.address();
  const { remote, selfConnects } = await waitForPort({ hostname: "127.0.0.1", port });
  server.close();
  return { isServer: remote.port === port, selfConnects };
}

const result = {
  platform: process.platform,
  transfer: await transfer(),
  silent: await codeOf(connect({ hostname: "127.0.0.1", port: silentPort, timeout: 300 })),
  fixtures: await fixtures(),
  waiting: await waiting(),
};
console.log(JSON.stringify(result));
process.exit(0);
