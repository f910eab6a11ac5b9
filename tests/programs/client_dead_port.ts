/** Dials a dead port from among few others, while it is held and after it was released, and prints what came of it. */
import net from "node:net";
import { isSelfConnection } from "../../mod.ts";
import { deadPort } from "../../src/api/testing.ts";

export interface DeadPortCount {
  readonly port: number;
  /** How many dials ended how, while the port was held. */
  readonly held: Readonly<Record<string, number>>;
  /** The ports of servers that asked for any port meanwhile. */
  readonly servers: readonly number[];
  /** The same as `held`, when it was no longer. */
  readonly released: Readonly<Record<string, number>>;
}

const DIALS = 500;

function dial(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", (error) => resolve((error as { code?: string }).code ?? error.message));
    socket.on("connect", () => {
      resolve(isSelfConnection(socket) ? "connected to itself" : "connected");
      socket.resetAndDestroy();
    });
  });
}

async function count(port: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let dials = 0; dials < DIALS; dials++) {
    const outcome = await dial(port);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

async function serverPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const dead = await deadPort();
const held = await count(dead.port);
const servers: number[] = [];
for (let round = 0; round < 50; round++) servers.push(await serverPort());
await dead.release();
const released = await count(dead.port);
console.log(JSON.stringify({ port: dead.port, held, servers, released } satisfies DeadPortCount));
process.exit(0);
