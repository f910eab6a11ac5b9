import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createConnection, guardSocket } from "../../src/adapters/node.ts";
import { echo, startServer } from "../fixtures/tcp_server.ts";

const HOST = "127.0.0.1";

type Dial = (options: net.TcpNetConnectOpts) => net.Socket;

/** The bare call first: what is the same as its is as it should be. */
const dials: Readonly<Record<string, Dial>> = {
  "net.createConnection": (options) => net.createConnection(options),
  "createConnection": (options) => createConnection(options),
  "guardSocket": (options) => guardSocket(new net.Socket(options)).connect(options),
};

/** What `look` says of a socket of each kind. */
async function compare<Result>(look: (dial: Dial) => Result): Promise<Awaited<Result>[]> {
  const results: Awaited<Result>[] = [];
  for (const dial of Object.values(dials)) results.push(await look(dial));
  return results;
}

function isSameForAll(results: readonly unknown[]): void {
  for (const result of results) expect(result).toEqual(results[0]);
}

const EVENTS = [
  ...["lookup", "connectionAttempt", "connect", "ready", "data", "drain", "end", "finish", "timeout", "error", "close"],
];

/** Everything the socket reports until it is closed, in order; pieces of data are joined. */
async function eventsOf(socket: net.Socket, act: (socket: net.Socket) => void): Promise<unknown[]> {
  const events: unknown[][] = [];
  for (const event of EVENTS) {
    socket.on(event, (...args: unknown[]) => {
      const detail = event === "data" ? String(args[0]) : event === "close" ? args[0] : args.length;
      if (event === "data" && events.at(-1)?.[0] === "data") events.at(-1)![1] += String(detail);
      else events.push([event, detail, socket.connecting, socket.pending, socket.readyState]);
    });
  }
  const closed = new Promise((resolve) => socket.once("close", resolve));
  act(socket);
  await closed;
  return events;
}

describe("a guarded socket to a real peer", () => {
  const acts: Record<string, { options?: Partial<net.TcpNetConnectOpts>; act: (socket: net.Socket) => void }> = {
    "written to after 'connect'": { act: (socket) => socket.once("connect", () => socket.end("hello")) },
    "written to and ended before": { act: (socket) => socket.end("hello") },
    "half-open": {
      options: { allowHalfOpen: true },
      act: (socket) => socket.once("end", () => socket.end()).write("x"),
    },
    "paused at first": {
      act: (socket) => {
        socket.pause().end("hello");
        setTimeout(() => socket.resume(), 20);
      },
    },
    "one address only": { options: { autoSelectFamily: false }, act: (socket) => socket.end("hello") },
    "by name": { options: { host: "localhost", family: 4 }, act: (socket) => socket.end("hello") },
    "destroyed in 'connect'": { act: (socket) => socket.once("connect", () => socket.destroy()) },
    "destroyed while connecting": { act: (socket) => socket.destroy() },
  };
  for (const [name, { options, act }] of Object.entries(acts)) {
    test(`reports the same events in the same order: ${name}`, async () => {
      await using server = await startServer((socket) => {
        socket.once("data", () => socket.end("goodbye"));
        socket.once("end", () => socket.end());
      });
      const results = await compare((dial) => eventsOf(dial({ host: HOST, port: server.port, ...options }), act));
      isSameForAll(results);
      expect(JSON.stringify(results[0])).toContain("close");
    });
  }

  test("loses no byte of a server that speaks first, with listeners attached late", async () => {
    await using server = await startServer((socket) => socket.end("x".repeat(200_000)));
    const socket = createConnection(server.port, HOST);
    await once(socket, "connect");
    await new Promise((resolve) => setTimeout(resolve, 50));
    let length = 0;
    socket.on("data", (chunk) => length += chunk.length);
    await once(socket, "close");
    expect(length).toBe(200_000);
  });

  test("has the properties, prototype and listeners of a bare one when 'connect' is heard", async () => {
    await using server = await startServer(echo);
    isSameForAll(
      await compare(async (dial) => {
        const socket = dial({ host: HOST, port: server.port });
        let seen: unknown;
        socket.once("connect", () => {
          seen = {
            // In V8 the place of `emit` stays, with what would be inherited in it.
            keys: Object.keys(socket).filter((key) => key !== "emit"),
            emit: socket.emit === EventEmitter.prototype.emit,
            isInherited: Object.getPrototypeOf(socket) === net.Socket.prototype && socket instanceof net.Socket,
            listeners: socket.eventNames().map((name) => [name, socket.listenerCount(name)]),
            connect: [socket.connect.length, socket.connect.name],
          };
        });
        await once(socket, "ready");
        socket.destroy();
        return seen;
      }),
    );
  });

  test("calls the listeners of 'data' no deeper in the stack", async () => {
    await using server = await startServer((socket) => socket.write("hello"));
    isSameForAll(
      await compare(async (dial) => {
        const socket = dial({ host: HOST, port: server.port });
        const { stackTraceLimit } = Error;
        Error.stackTraceLimit = 100;
        const depth = await new Promise((resolve) =>
          socket.once("data", () => resolve(new Error().stack?.split("\n").length))
        );
        Error.stackTraceLimit = stackTraceLimit;
        socket.destroy();
        return depth;
      }),
    );
  });

  test("keeps the async context of its listeners", async () => {
    await using server = await startServer((socket) => socket.end("hello"));
    const storage = new AsyncLocalStorage<string>();
    const results = await compare(async (dial) => {
      const stores: unknown[] = [];
      const socket = storage.run("dialer", () => dial({ host: HOST, port: server.port }));
      for (const event of ["connect", "ready", "data", "end", "close"]) {
        socket.on(event, () => stores.push([event, storage.getStore()]));
      }
      await once(socket, "close");
      return stores;
    });
    isSameForAll(results);
    expect(results[0]).toContainEqual(["connect", "dialer"]);
  });

  test("turns the rejection of a 'connect' listener into an 'error' where captureRejections is on", async () => {
    await using server = await startServer(echo);
    const results = await compare(async (dial) => {
      const options = { host: HOST, port: server.port, captureRejections: true };
      const socket = dial(options);
      socket.on("connect", () => Promise.reject(new Error("listener failed")));
      const [error] = await new Promise<[Error]>((resolve) => socket.once("error", (error) => resolve([error])));
      socket.destroy();
      return error.message;
    });
    expect(results).toEqual(["listener failed", "listener failed", "listener failed"]);
  });

  test("keeps what others put in front of its emit, before and after", async () => {
    await using server = await startServer((socket) => socket.end("hello"));
    const heard: string[] = [];
    const wrap = (socket: net.Socket, name: string): void => {
      const { emit } = socket;
      socket.emit = function (...args: unknown[]): boolean {
        const [event] = args;
        if (event === "connect" || event === "end") heard.push(`${name} ${event}`);
        return Reflect.apply(emit, this, args);
      };
    };
    const socket = new net.Socket();
    wrap(socket, "before");
    guardSocket(socket).connect(server.port, HOST);
    wrap(socket, "after");
    socket.resume();
    await once(socket, "close");
    expect(heard).toEqual(["after connect", "before connect", "after end", "before end"]);
  });

  test("can be connected again, and is guarded again, after it was closed", async () => {
    await using server = await startServer((socket) => socket.end());
    const socket = guardSocket(new net.Socket());
    for (let round = 0; round < 3; round++) {
      socket.connect(server.port, HOST);
      expect(socket.emit).not.toBe(EventEmitter.prototype.emit);
      socket.resume();
      await once(socket, "connect");
      expect(socket.emit).toBe(EventEmitter.prototype.emit);
      await once(socket, "close");
    }
  });

  test("lets the process end once it is unreferenced, and is still returned by its methods", async () => {
    await using server = await startServer(echo);
    const socket = createConnection(server.port, HOST);
    expect(socket.unref()).toBe(socket);
    expect(socket.setNoDelay(true)).toBe(socket);
    await once(socket.ref(), "connect");
    socket.destroy();
  });
});

describe("createConnection()", () => {
  test("takes every signature of net.createConnection, and calls its callback once", async () => {
    await using server = await startServer(echo, "localhost");
    const { port } = server;
    const folder = mkdtempSync(join(tmpdir(), "realpeer-pipe-"));
    const path = join(folder, "socket");
    const pipeServer = net.createServer((socket) => echo(socket.on("error", () => {}))).listen(path);
    await once(pipeServer, "listening");
    type Open = (onConnect: () => void) => net.Socket;
    // Node's types lack this one.
    const withPortAndCallback: Open = (onConnect) => Reflect.apply(createConnection, undefined, [port, onConnect]);
    const opens: Record<string, Open> = {
      "port": (onConnect) => createConnection(port).once("connect", onConnect),
      "port, callback": withPortAndCallback,
      "port, host": (onConnect) => createConnection(port, "localhost").once("connect", onConnect),
      "port, host, callback": (onConnect) => createConnection(port, "localhost", onConnect),
      "options": (onConnect) => createConnection({ port, host: "localhost" }).once("connect", onConnect),
      "options, callback": (onConnect) => createConnection({ port, host: "localhost" }, onConnect),
      "path": (onConnect) => createConnection(path).once("connect", onConnect),
      "path, callback": (onConnect) => createConnection(path, onConnect),
      "path in options": (onConnect) => createConnection({ path }, onConnect),
    };
    for (const [signature, open] of Object.entries(opens)) {
      let calls = 0;
      const socket = open(() => calls++);
      expect(socket, signature).toBeInstanceOf(net.Socket);
      socket.end("hello");
      const [chunk] = await once(socket, "data");
      expect([signature, calls, String(chunk)]).toEqual([signature, 1, "hello"]);
      await once(socket, "close");
    }
    pipeServer.close();
    rmSync(folder, { recursive: true });
  });

  test("throws what net.createConnection throws", () => {
    for (const args of [[{}], [{ port: 70000 }], [{ port: "nonsense" }]] as [never][]) {
      const thrown = (call: typeof net.createConnection): unknown => {
        try {
          call(...args).on("error", () => {}).destroy();
          return undefined;
        } catch (error) {
          return (error as { code?: string }).code;
        }
      };
      expect(thrown(createConnection)).toEqual(thrown(net.createConnection));
    }
  });
});

describe("guardSocket()", () => {
  test("refuses what is no net.Socket", () => {
    for (const value of [null, undefined, {}, new EventEmitter(), "socket"]) {
      expect(() => guardSocket(value as never)).toThrow(TypeError);
      expect(() => guardSocket(value as never)).toThrow("Cannot guard socket: expected a net.Socket");
    }
  });

  test("refuses a socket that is connected already", async () => {
    await using server = await startServer(echo);
    const socket = net.connect(server.port, HOST);
    await once(socket, "connect");
    expect(() => guardSocket(socket)).toThrow("Cannot guard socket: it is connected already");
    socket.destroy();
  });

  test("leaves no second layer on a socket that is guarded", () => {
    const socket = guardSocket(new net.Socket());
    const { connect } = socket;
    expect(guardSocket(socket).connect).toBe(connect);
  });
});
