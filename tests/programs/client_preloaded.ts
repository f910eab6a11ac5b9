/**
 * Dials the lab's port with plain node:net, here, in a worker or in a child, after loading what it is told to load, and
 * prints what the socket reported. Runs as one JavaScript file, because Node 20 takes TypeScript in no worker.
 *
 *   client_preloaded.ts here|worker|child|chosen|no transport|adapters PORT [MODULE...]
 */
import { spawnSync } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { socketsOnPort } from "./host_sockets.ts";

export interface Heard {
  readonly events: readonly string[];
  readonly published: number;
  readonly left: readonly string[];
}

type Args = readonly [place: string, port: string, ...modules: string[]];
const args: Args = isMainThread ? process.argv.slice(2) as [string, string, ...string[]] : workerData;
const [place, portText, ...modules] = args;
const port = Number(portText);
let published = 0;
for (const module of modules) {
  if (module.endsWith(".cjs")) createRequire(import.meta.url)(module);
  else await import(module);
}
// Not before: Bun collects a channel that only its subscribers know.
subscribe("realpeer:self-connect", () => published++);

function dial(options: net.TcpNetConnectOpts): Promise<Heard> {
  const events: string[] = [];
  const socket = net.connect(options);
  return new Promise((resolve) => {
    socket.on("connect", () => {
      events.push("connect");
      socket.resetAndDestroy();
    });
    socket.on("error", ({ name }) => events.push(name));
    socket.on("close", () => setTimeout(() => resolve({ events, published, left: socketsOnPort(port) }), 20));
  });
}

async function attemptsOf(connecting: Promise<unknown>): Promise<Heard> {
  const error = await connecting.then(() => new Error("connected"), (error) => error);
  return { events: [error.name, String(error.attempts)], published, left: socketsOnPort(port) };
}

async function hear(): Promise<unknown> {
  switch (place) {
    case "worker": {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: ["here", ...args.slice(1)] });
      const heard = await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
      await worker.terminate();
      return heard;
    }
    case "child": {
      const run = "Deno" in globalThis ? ["run", "-A"] : [];
      const command = [...run, fileURLToPath(import.meta.url), "here", portText];
      return JSON.parse(spawnSync(process.execPath, command, { encoding: "utf8" }).stdout);
    }
    case "chosen":
      return await dial({ host: "127.0.0.1", port, localPort: port });
    case "no transport":
      return await dial({ host: "127.0.0.1", port, socket: null } as net.TcpNetConnectOpts);
    case "adapters": {
      const { connect } = await import("../../src/adapters/node.ts");
      return await attemptsOf(connect({ host: "127.0.0.1", port }));
    }
    default:
      return await dial({ host: "127.0.0.1", port });
  }
}

const heard = await hear();
if (isMainThread) {
  console.log(JSON.stringify(heard));
  process.exit(0);
}
parentPort?.postMessage(heard);
