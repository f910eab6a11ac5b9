import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guardNativeCalls } from "../../src/adapters/native_guard.ts";
import type { KeptPort } from "../../src/core/port_keeper.ts";
import { because } from "../fixtures/lab.ts";
import { runtime } from "../fixtures/runtime.ts";
import { unusedPort } from "../fixtures/tcp_server.ts";

const notNative = runtime === "node" ? "Node has no calls of this kind" : undefined;

/** Ports that the guard is told are at risk: a dead one, that of a server, and those of the environment's databases. */
const port = await unusedPort();
const atRisk = new Set([port, 50_001, 50_002, 50_003]);
/** What the guard did with these ports, by name. */
const did: string[] = [];
const heldAtLoad: string[] = [];

function keep(what: string, kept: number): KeptPort {
  const name = kept === port ? "dead" : kept === live ? "live" : String(kept);
  did.push(`${what} ${name}`);
  let isReleased = false;
  const release = (): Promise<void> => {
    if (!isReleased) did.push(`release ${name}`);
    isReleased = true;
    return Promise.resolve();
  };
  return { settled: Promise.resolve(), release };
}

let live = 0;
const server = createServer((_request, response) => response.end("hello")).on("upgrade", ({ headers }, socket) => {
  const key = `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  const head = ["HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: upgrade"];
  socket.on("error", () => {}).write(`${[...head, `sec-websocket-accept: ${accept}`].join("\r\n")}\r\n\r\n`);
});

const DATABASES: Readonly<Record<string, string>> = {
  DATABASE_URL: "postgres://127.0.0.1:50001/database",
  PGPORT: "50002",
  MYSQL_PORT: "50003",
};

beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  live = (server.address() as AddressInfo).port;
  atRisk.add(live);
  if (notNative) return;
  Object.assign(process.env, DATABASES);
  guardNativeCalls({
    isAtRisk: (port) => atRisk.has(port),
    hold: (port) => keep("hold", port),
    holdAtOnce: (port) => keep("hold at once", port),
  });
  for (const name of Object.keys(DATABASES)) Reflect.deleteProperty(process.env, name);
  heldAtLoad.push(...did);
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

/** Waits for the call's end, of whatever kind. */
function ended(call: () => unknown): Promise<unknown> {
  return Promise.resolve().then(call).catch(() => undefined);
}

/** Resolves with the first event of a socket or an event source. */
function event(target: EventTarget, ...names: string[]): Promise<string> {
  return new Promise((resolve) => {
    for (const name of names) target.addEventListener(name, () => resolve(name), { once: true });
  });
}

type Case = readonly [what: string, call: () => unknown, did: readonly string[]];

const DEAD = `http://127.0.0.1:${port}/`;
const [hold, atOnce] = runtime === "deno" ? ["hold", "hold at once"] : ["hold", "hold"];
const HELD_FOR_THE_CALL = [`${hold} dead`, "release dead"];

const everywhere: readonly Case[] = [
  ["fetch that is refused", () => fetch(DEAD), HELD_FOR_THE_CALL],
  ["fetch of a Request", () => fetch(new Request(DEAD)), HELD_FOR_THE_CALL],
  ["fetch of a URL", () => fetch(new URL(DEAD)), HELD_FOR_THE_CALL],
  ["fetch that is answered", () => fetch(`http://127.0.0.1:${live}/`), ["hold live", "release live"]],
  ["fetch with a wrong method", () => fetch(DEAD, { method: "a b" }), HELD_FOR_THE_CALL],
  ["fetch of no URL", () => fetch("http://"), []],
  ["fetch of data", () => fetch("data:,hello"), []],
  ["fetch of a port that is not at risk", () => fetch("http://127.0.0.1:1/"), []],
  ["new WebSocket that is refused", async () => {
    await event(new WebSocket(`ws://127.0.0.1:${port}/`), "error", "close");
  }, [`${atOnce} dead`, "release dead"]],
  ["new WebSocket that opens", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${live}/`);
    expect(await event(socket, "open", "error")).toBe("open");
    did.push("open");
  }, [`${atOnce} live`, "release live", "open"]],
  [
    "new WebSocket with a wrong protocol",
    () => new WebSocket(`ws://127.0.0.1:${port}/`, "a b"),
    [`${atOnce} dead`, "release dead"],
  ],
];

const onDeno = (): readonly Case[] => [
  ["Deno.connect", () => Deno.connect({ hostname: "127.0.0.1", port }), HELD_FOR_THE_CALL],
  ["Deno.connectTls", () => Deno.connectTls({ hostname: "127.0.0.1", port }), HELD_FOR_THE_CALL],
  ["Deno.connect to a unix socket", () => Deno.connect({ transport: "unix", path: "/nowhere", port } as never), []],
  ["Deno.connect with options that change later", async () => {
    const options = { hostname: "127.0.0.1", port: live };
    const connecting = Deno.connect(options);
    options.port = port;
    const conn = await connecting;
    did.push(`connected to ${conn.remoteAddr.port === live ? "live" : "another"}`);
    conn.close();
  }, ["hold live", "release live", "connected to live"]],
  [
    "Deno.createHttpClient with the URL of a proxy",
    () => Deno.createHttpClient({ proxy: { url: DEAD } }).close(),
    ["hold at once dead"],
  ],
  [
    "Deno.createHttpClient with the address of a proxy",
    () => Deno.createHttpClient({ proxy: { transport: "tcp", hostname: "127.0.0.1", port } }).close(),
    ["hold at once dead"],
  ],
  [
    "Deno.createHttpClient with a proxy that is not at risk",
    () => Deno.createHttpClient({ proxy: { url: "http://127.0.0.1:1" } }).close(),
    [],
  ],
  ["new EventSource", async () => {
    const source = new EventSource(DEAD);
    await event(source, "error");
    source.close();
  }, ["hold at once dead"]],
];

const onBun = (): readonly Case[] => {
  const socket = { data() {} };
  const address = { hostname: "127.0.0.1", port };
  const proxied = (proxy: unknown): Promise<Response> => fetch("http://192.0.2.1:1/", { proxy: proxy as string });
  return [
    ["Bun.connect", () => Bun.connect({ ...address, socket }), HELD_FOR_THE_CALL],
    ["Bun.connect to a unix socket", () => Bun.connect({ unix: "/nowhere", port, socket } as never), []],
    [
      "Bun.connect from a port of its own",
      () => Bun.connect({ ...address, localAddress: "127.0.0.1", localPort: 50_009, socket } as never),
      [],
    ],
    [
      "Bun.connect from a port that Bun ignores",
      () => Bun.connect({ ...address, localPort: 50_009, socket } as never),
      HELD_FOR_THE_CALL,
    ],
    ["Bun.connect that throws", () => Bun.connect({ ...address, socket: {} } as never), HELD_FOR_THE_CALL],
    ["fetch of an object with a url", () => fetch({ url: DEAD } as Request), HELD_FOR_THE_CALL],
    ["fetch over a unix socket", () => fetch(DEAD, { unix: "/nowhere" }), []],
    ["fetch through a proxy", () => proxied(DEAD), HELD_FOR_THE_CALL],
    ["fetch through a proxy of a URL", () => proxied(new URL(DEAD)), HELD_FOR_THE_CALL],
    ["fetch through a proxy of options", () => proxied({ url: DEAD }), HELD_FOR_THE_CALL],
    ["fetch through the environment's proxy", async () => {
      process.env["HTTP_PROXY"] = DEAD;
      const call = fetch("http://192.0.2.1:1/");
      Reflect.deleteProperty(process.env, "HTTP_PROXY");
      await call;
    }, HELD_FOR_THE_CALL],
    ["new WebSocket through a proxy", async () => {
      await event(new WebSocket("ws://192.0.2.1:1/", { proxy: DEAD } as never), "error", "close");
    }, HELD_FOR_THE_CALL],
    ["new WebSocket through the environment's proxy", async () => {
      process.env["HTTP_PROXY"] = DEAD;
      const socket = new WebSocket("ws://192.0.2.1:1/");
      Reflect.deleteProperty(process.env, "HTTP_PROXY");
      await event(socket, "error", "close");
    }, HELD_FOR_THE_CALL],
    ["fetch.preconnect", () => fetch.preconnect(DEAD), ["hold dead"]],
    ["new SQL", () => new Bun.SQL(`postgres://127.0.0.1:${port}/database`).close(), ["hold dead"]],
    ["new SQL with options", () => new Bun.SQL({ adapter: "postgres", ...address }).close(), ["hold dead"]],
    [
      "SQL without new",
      () => (Reflect.apply(Bun.SQL as never, undefined, [`postgres://127.0.0.1:${port}/database`]) as Bun.SQL).close(),
      ["hold dead"],
    ],
    ["new RedisClient", () => new Bun.RedisClient(`redis://127.0.0.1:${port}`).close(), ["hold dead"]],
    ["new RedisClient without a scheme", () => new Bun.RedisClient(`127.0.0.1:${port}`).close(), ["hold dead"]],
  ];
};

describe.skipIf(notNative)(
  because("the guard of native calls holds a port as long as it may be dialed", notNative),
  () => {
    test.skipIf(runtime !== "bun")("for good if Bun's clients find it in the environment (skipped elsewhere)", () => {
      expect(heldAtLoad).toEqual(["hold 50001", "hold 50002", "hold 50003"]);
    });

    const own = runtime === "deno" ? onDeno() : runtime === "bun" ? onBun() : [];
    for (const [what, call, expected] of [...everywhere, ...own]) {
      test(what, async () => {
        did.length = 0;
        await ended(call);
        expect(did).toEqual(expected);
      });
    }
  },
);
