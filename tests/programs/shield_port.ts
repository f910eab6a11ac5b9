/**
 * Shields port 40000 of a lab namespace in one situation, and prints what was seen.
 *
 *   shield_port.ts SITUATION
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import process from "node:process";
import { shieldPort } from "../../mod.ts";
import { commandFor } from "../fixtures/runtime.ts";
import { countDescriptors } from "./descriptors.ts";
import { socketsOnPort } from "./host_sockets.ts";
import { megabytes } from "./memory.ts";

const PORT = 40000;

/** How many dials of another program ended how; this one goes on meanwhile. */
async function dials(count = 500, program = "dial.py", port = PORT): Promise<unknown> {
  const child = spawn("python3", [`tests/programs/dialers/${program}`, String(port), String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) text += chunk;
  return JSON.parse(text);
}

async function listen(host: string): Promise<net.Server> {
  const server = net.createServer((socket) => socket.on("error", () => {}).end());
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(PORT, host, resolve));
  return server;
}

async function close(server: net.Server): Promise<void> {
  server.close();
  await once(server, "close");
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sockets of holders, in any state. */
function holders(): number {
  return socketsOnPort(PORT).filter((socket) => /^\w+ ....FF7F:/.test(socket)).length;
}

const situations: Record<string, () => Promise<unknown>> = {
  async "a listener on every address that comes, goes and comes again"() {
    const first = await listen("0.0.0.0");
    await using shield = await shieldPort(PORT);
    const before = shield.state;
    const seen: unknown[] = [];
    let latest = 0;
    // Each round another server is there first.
    await close(first);
    const gone = performance.now();
    while (shield.state !== "held") await sleep(1);
    latest = Math.max(latest, performance.now() - gone);
    seen.push(await dials());
    for (const host of ["0.0.0.0", "::", "127.0.0.1"]) {
      await close(await listen(host));
      seen.push(shield.state, await dials());
    }
    return { before, latest, seen };
  },

  async "a listener on one address that was there first"() {
    const server = await listen("127.0.0.1");
    await using shield = await shieldPort(PORT);
    const before = shield.state;
    await close(server);
    return { before, seen: await dials() };
  },

  async "a client that has the port as its own already"() {
    const server = net.createServer((socket) => socket.on("error", () => {})).listen(PORT + 1, "127.0.0.1");
    await once(server, "listening");
    const client = net.connect(PORT + 1, "127.0.0.1");
    await once(client, "connect");
    const { localPort } = client;
    await using shield = await shieldPort(PORT);
    const beside = await dials();
    client.resetAndDestroy();
    await once(client, "close");
    server.close();
    return { localPort, state: shield.state, beside, afterwards: await dials() };
  },

  async "several shields, here and in another process"() {
    const first = await shieldPort(PORT);
    const second = await shieldPort(PORT);
    const [file, ...args] = commandFor("src/cli/main.ts", ["shield", "--json", "-q", String(PORT)]) as [string];
    const other = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(other.stdout, "data");
    const seen: unknown[] = [holders()];
    for (const shield of [first, second]) {
      await shield.release();
      seen.push(holders(), await dials());
    }
    const third = await shieldPort(PORT);
    other.kill("SIGKILL");
    await once(other, "exit");
    seen.push(await dials());
    await third.release();
    return seen;
  },

  async "10,000 shields and releases"() {
    const round = async (): Promise<void> => {
      const shield = await shieldPort(PORT);
      await shield.release();
    };
    for (let count = 0; count < 500; count++) await round();
    const before = { descriptors: countDescriptors(), memory: megabytes() };
    for (let count = 0; count < 9500; count++) await round();
    // What was closed in the last turn.
    await sleep(50);
    const grownBy = megabytes() - before.memory;
    return { descriptors: countDescriptors() - before.descriptors, holders: holders(), grownBy };
  },

  async "200 shields at once"() {
    const shields = await Promise.all(Array.from({ length: 200 }, () => shieldPort(PORT)));
    const seen: unknown[] = [holders()];
    await Promise.all(shields.map((shield) => shield.release()));
    seen.push(holders());
    return seen;
  },

  async "a client that binds a specific address first"() {
    await using shield = await shieldPort(PORT + 1);
    return { state: shield.state, dials: await dials(2000, "dial_from.py", PORT + 1) };
  },

  async "no IPv4 loopback address"() {
    return await shieldPort(PORT).catch(({ message }: Error) => message);
  },

  async "nothing else to do"() {
    const { state } = await shieldPort(PORT);
    return state;
  },
};

const name = process.argv[2] ?? "";
console.log(JSON.stringify(await situations[name]!()));
// The last situation is whether the process ends.
