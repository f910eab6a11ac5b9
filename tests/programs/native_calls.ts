/**
 * Makes calls that do not go through node:net to a dead port, one after the other, and prints what came of each.
 *
 *   native_calls.ts PORT [CASE...]
 */
import process from "node:process";
import { socketsOnPort } from "./host_sockets.ts";

/** What a call came to; the port in texts is written PORT. */
export interface Outcome {
  readonly settled: "resolved" | "rejected";
  readonly what: string;
  readonly code?: string;
  readonly cause?: string;
  /** Live sockets on the port that are no holder's. */
  readonly left: readonly string[];
}

const [portText = "", ...only] = process.argv.slice(2);
const port = Number(portText);
const url = `http://127.0.0.1:${port}/`;

/** How a socket or an event source ends. */
function ending(make: () => EventTarget & { close(): void }): Promise<string> {
  return new Promise((resolve) => {
    const target = make();
    for (const event of ["open", "error"]) {
      target.addEventListener(event, (detail) => {
        target.close();
        resolve(`${event} ${(detail as { message?: string }).message ?? ""}`);
      });
    }
  });
}

/** An object that is written down differently the second time. */
function onceOnly(): URL {
  let times = 0;
  return { toString: () => times++ === 0 ? url : "http://127.0.0.1:1/written-down-twice" } as URL;
}

type Call = () => Promise<unknown>;

const everywhere: Record<string, Call> = {
  // First, so that nothing has been held before.
  "new WebSocket, by name": () => ending(() => new WebSocket(`ws://localhost:${port}/`)),
  "fetch a string": () => fetch(url),
  "fetch a URL": () => fetch(new URL(url)),
  "fetch a Request": () => fetch(new Request(url)),
  "fetch a String object": () => fetch(new String(url) as string),
  "fetch what is written down once": () => fetch(onceOnly()),
  "fetch with blanks and capitals": () => fetch(`  HTTP://LOCALHOST:${port}/ `),
  "fetch with tabs and line ends inside": () => fetch(`ht\ttp://127.0.\n0.1:${port}/`),
  "fetch a port with a zero before it": () => fetch(`http://127.0.0.1:0${port}/`),
  "fetch with a user and a password": () => fetch(`http://user:pass%40word@127.0.0.1:${port}/`),
  "fetch an address in hexadecimal": () => fetch(`http://0x7f.1:${port}/`),
  "fetch with backslashes": () => fetch(`http:\\\\127.0.0.1:${port}\\`),
  "fetch IPv6": () => fetch(`http://[::1]:${port}/?query#hash`),
  "fetch a mapped address": () => fetch(`http://[::ffff:127.0.0.1]:${port}`),
  "fetch a name": () => fetch(`http://localhost:${port}`),
  "fetch every address": () => fetch(`http://0.0.0.0:${port}`),
  "fetch through the environment's proxy": () => fetch("http://192.0.2.1/"),
  "fetch over TLS": () => fetch(`https://127.0.0.1:${port}/`),
  "fetch with a body": () => fetch(url, { method: "POST", body: "body" }),
  "fetch, aborted before": () => fetch(url, { signal: AbortSignal.abort("reason") }),
  "fetch no URL": () => fetch("http://"),
  "fetch with a wrong method": () => fetch(url, { method: "a b" }),
  "fetch data:": async () => await (await fetch("data:,hello")).text(),
  "300 fetches in a row": async () => {
    const outcomes = new Set<string>();
    for (let count = 0; count < 300; count++) outcomes.add(await refusal(fetch(url)));
    return [...outcomes].join();
  },
  "100 fetches at once": async () => {
    const refusals = await Promise.all(Array.from({ length: 100 }, () => refusal(fetch(url))));
    return [...new Set(refusals)].join();
  },
  "new WebSocket": () => ending(() => new WebSocket(`ws://127.0.0.1:${port}/`)),
  "new WebSocket of a URL": () => ending(() => new WebSocket(new URL(`ws://127.0.0.1:${port}/`))),
  "new WebSocket of a String object": () =>
    ending(() => new WebSocket(new String(`ws://127.0.0.1:${port}/`) as string)),
  "new WebSocket through the environment's proxy": () => ending(() => new WebSocket("ws://192.0.2.1/")),
  "a subclass of WebSocket": () => ending(() => new (class extends WebSocket {})(`ws://127.0.0.1:${port}/`)),
};

async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(() => "resolved", (error) => error);
  const { message, code, cause } = error as { message?: string; code?: string; cause?: { message?: string } };
  const text = `${code} ${message} ${cause?.message}`;
  return /ECONNREFUSED|Connection refused|ConnectionRefused/.test(text) ? "refused" : text;
}

/** Options without a property of their own. */
class Address {
  get hostname(): string {
    return "127.0.0.1";
  }
  get port(): number {
    return port;
  }
}

const onDeno = (): Record<string, Call> => ({
  "Deno.connect": () => Deno.connect({ hostname: "127.0.0.1", port }),
  "Deno.connect, by name": () => Deno.connect({ port }),
  "Deno.connect, aborted before": () => Deno.connect({ port, signal: AbortSignal.abort("reason") }),
  "Deno.connect of a URL": () => Deno.connect(new URL(url) as never),
  "Deno.connect of an instance": () => Deno.connect(new Address()),
  "Deno.connect, transport null": () => Deno.connect({ port, transport: null } as never),
  "Deno.connectTls of an instance": () => Deno.connectTls(new Address()),
  "Deno.connectTls": () => Deno.connectTls({ hostname: "127.0.0.1", port }),
  "fetch through a proxy": () => {
    const client = Deno.createHttpClient({ proxy: { url: `http://127.0.0.1:${port}` } });
    return fetch("http://192.0.2.1/", { client }).finally(() => client.close());
  },
  "fetch through a proxy, by address": () => {
    const client = Deno.createHttpClient({ proxy: { transport: "tcp", hostname: "127.0.0.1", port } });
    return fetch("http://192.0.2.1/", { client }).finally(() => client.close());
  },
  "fetch a Request through a proxy": () => {
    const client = Deno.createHttpClient({ proxy: { url: `http://127.0.0.1:${port}` } });
    return fetch(new Request("http://192.0.2.1/", { client } as RequestInit)).finally(() => client.close());
  },
  "new EventSource of a String object": () => ending(() => new EventSource(new String(url) as string)),
  "new EventSource through the environment's proxy": () => ending(() => new EventSource("http://192.0.2.1/")),
  "new EventSource": () => ending(() => new EventSource(url)),
  "an EventSource that comes again": () =>
    new Promise((resolve) => {
      const source = new EventSource(url);
      setTimeout(() => {
        source.close();
        resolve(source.readyState);
      }, 500);
    }),
});

const onBun = (): Record<string, Call> => {
  const { RedisClient, SQL } = Bun;
  const socket = { data() {} };
  return {
    "Bun.connect": () => Bun.connect({ hostname: "127.0.0.1", port, socket }),
    "Bun.connect, by name": () => Bun.connect({ hostname: "localhost", port, socket }),
    "Bun.connect, no unix socket": () => Bun.connect({ hostname: "127.0.0.1", port, unix: "", socket } as never),
    "Bun.connect, a local port that Bun ignores": () =>
      Bun.connect({ hostname: "127.0.0.1", port, localPort: 1234, socket } as never),
    "fetch an object with a url": () => fetch({ url, method: "POST" } as Request),
    "fetch an object that cannot be written down": () =>
      fetch({
        toString: () => {
          throw new Error("not to be written down");
        },
      } as never),
    "Bun.connect over TLS": () => Bun.connect({ hostname: "127.0.0.1", port, tls: true, socket }),
    "fetch through a proxy": () => fetch("http://192.0.2.1/", { proxy: `http://127.0.0.1:${port}` }),
    "fetch.preconnect": async () => {
      fetch.preconnect(url);
      await Bun.sleep(300);
    },
    "new SQL": async () => {
      await new SQL(`postgres://user@127.0.0.1:${port}/database`, { max: 10 })`select 1`;
    },
    "new SQL by options": async () => {
      await new SQL({ adapter: "postgres", hostname: "127.0.0.1", port, username: "user" })`select 1`;
    },
    "new RedisClient, with its own retries": async () => {
      const client = new RedisClient(`redis://127.0.0.1:${port}`, { maxRetries: 3, connectionTimeout: 1000 });
      return await client.set("key", "value").finally(() => client.close());
    },
    "new RedisClient without a scheme": async () => {
      const client = new RedisClient(`127.0.0.1:${port}`, { autoReconnect: false });
      return await client.ping().finally(() => client.close());
    },
  };
};

/** Live sockets: what an earlier case has left in TIME_WAIT is no connection. */
function live(): string[] {
  return socketsOnPort(port).filter((socket) => !socket.startsWith("06") && !/^\w+ ....FF7F:/.test(socket));
}

function words(value: unknown): string {
  return String(value).replaceAll(String(port), "PORT").replace(/\d+(\.\d+)? ?ms/g, "TIME");
}

async function outcomeOf(call: Call): Promise<Outcome> {
  try {
    const result = await call();
    return { settled: "resolved", what: words(result), left: live() };
  } catch (error) {
    const { name, message, code, cause } = (error ?? {}) as Record<string, unknown>;
    const what = error instanceof Error ? `${name}: ${words(message)}` : words(error);
    return {
      ...{ settled: "rejected", what, left: live() },
      ...(typeof code === "string" ? { code } : {}),
      ...(cause instanceof Error ? { cause: words(cause.message) } : {}),
    };
  }
}

const cases: Record<string, Call> = { ...everywhere, ...("Deno" in globalThis ? onDeno() : onBun()) };
const outcomes: Record<string, Outcome> = {};
for (const [name, call] of Object.entries(cases)) {
  if (only.length === 0 || only.includes(name)) outcomes[name] = await outcomeOf(call);
}
console.log(JSON.stringify(outcomes));
process.exit(0);
