/**
 * Dials a port that refuses and one that the lab's kernel connects to itself, in every way there is to have a socket
 * guarded, and prints what each socket reported, so that the two can be compared.
 */
import { subscribe } from "node:diagnostics_channel";
import net from "node:net";
import tls from "node:tls";
import { createConnection, guardSocket } from "../../src/adapters/node.ts";
import { socketsOnPort } from "./host_sockets.ts";

export interface Report {
  /** Every event with what was to be seen of the socket at that moment, in order. */
  readonly events: readonly unknown[];
  readonly error: { readonly name: string; readonly code: string; readonly address: string; readonly port: number };
  /** What is left of the connection in the kernel. */
  readonly left: readonly string[];
  readonly published: number;
}

const [hostname, refusedText, selfText] = process.argv.slice(2) as [string, string, string];
let published = 0;
subscribe("realpeer:self-connect", () => published++);

// 'connectionAttemptFailed' tells of attempts that failed in the kernel, and this one did not.
const EVENTS = ["lookup", "connect", "ready", "secureConnect", "data", "end", "finish", "timeout", "error", "close"];

type Open = (port: number) => net.Socket;

const fail = (): never => {
  throw new Error("a callback was called for a socket that did not connect");
};
const opens: Record<string, Open> = {
  "createConnection(port, host)": (port) => createConnection(port, hostname, fail),
  "createConnection(options)": (port) => createConnection({ host: hostname, port: port, noDelay: true }, fail),
  "allowHalfOpen": (port) => createConnection({ host: hostname, port, allowHalfOpen: true }),
  "one address only": (port) => createConnection({ host: hostname, port, autoSelectFamily: false }),
  "written and ended before": (port) => {
    const socket = createConnection({ host: hostname, port });
    socket.write("hello");
    socket.end("goodbye");
    return socket;
  },
  "paused before": (port) => createConnection({ host: hostname, port }).pause(),
  "guardSocket, then connect": (port) => guardSocket(new net.Socket()).connect(port, hostname, fail),
  "guardSocket of one that is connecting": (port) => guardSocket(net.connect(port, hostname, fail)),
  "guarded twice": (port) => guardSocket(guardSocket(new net.Socket()).connect(port, hostname)),
  "a subclass": (port) => {
    class Subclass extends net.Socket {
      override emit(event: string | symbol, ...args: unknown[]): boolean {
        return super.emit(event, ...args);
      }
    }
    return guardSocket(new Subclass()).connect(port, hostname);
  },
  "emit('connect') by other code before": (port) => {
    const socket = createConnection(port, hostname);
    socket.emit("connect");
    socket.emit("ready");
    return socket;
  },
  "TLS": (port) => guardSocket(tls.connect({ host: hostname, port, rejectUnauthorized: false })),
  "TLS, written before": (port) => {
    const socket = guardSocket(tls.connect({ host: hostname, port, rejectUnauthorized: false }));
    socket.write("hello");
    return socket;
  },
  "TLS over createConnection": (port) => {
    const socket = createConnection(port, hostname);
    // The TLS socket reports it, and whoever made this one hears it too.
    socket.on("error", () => {});
    return tls.connect({ socket, rejectUnauthorized: false });
  },
};
if (hostname !== "localhost") {
  opens["two addresses, both dead"] = (port) =>
    createConnection({
      host: "both.test",
      port,
      autoSelectFamily: true,
      lookup: (_name, _options, callback) =>
        callback(null, [{ address: hostname, family: net.isIP(hostname) }, { address: "127.0.0.1", family: 4 }]),
    });
}

async function report(open: Open, port: number): Promise<Report> {
  published = 0;
  const socket = open(port);
  const events: unknown[] = [];
  let error!: Report["error"];
  for (const event of EVENTS) {
    socket.on(event, (...args: unknown[]) => {
      const { connecting, destroyed, pending, readyState } = socket;
      if (event === "error") {
        const { name, code, address, port } = args[0] as Report["error"];
        error = { name, code, address, port };
      }
      const detail = event === "close" ? args[0] : event === "error" ? error.code : args.length;
      events.push([event, detail, connecting, destroyed, pending, readyState]);
    });
  }
  await new Promise((resolve) => socket.once("close", resolve));
  // Whatever comes after 'close' comes at once.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { events, error, left: socketsOnPort(port), published };
}

/** A client of the old school: one socket that dials again from its 'error' listener. */
async function redial(port: number): Promise<string[]> {
  const heard: string[] = [];
  const socket = guardSocket(new net.Socket());
  let dialsLeft = 3;
  const dial = (): void => void (dialsLeft-- > 0 && socket.connect(port, hostname));
  socket.on("connect", () => heard.push("connect"));
  socket.on("error", ({ name }) => {
    heard.push(name);
    dial();
  });
  dial();
  while (heard.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  return heard;
}

/** A socket whose `connect` is called twice; the runtimes differ in which call counts. */
async function connectTwice(refusedPort: number, selfPort: number): Promise<string[]> {
  const heard: string[] = [];
  const socket = guardSocket(new net.Socket());
  socket.on("connect", () => {
    heard.push("connect");
    socket.destroy();
  });
  socket.on("error", ({ name }) => heard.push(name));
  socket.connect(refusedPort, hostname);
  socket.connect(selfPort, hostname);
  await new Promise((resolve) => socket.once("close", resolve));
  return heard;
}

const reports: Record<string, { refused: Report; self: Report }> = {};
for (const [kind, open] of Object.entries(opens)) {
  reports[kind] = { refused: await report(open, Number(refusedText)), self: await report(open, Number(selfText)) };
}
const redials = await redial(Number(selfText));
const twice = await connectTwice(Number(refusedText), Number(selfText));
console.log(JSON.stringify({ reports, redials, twice }));
process.exit(0);
