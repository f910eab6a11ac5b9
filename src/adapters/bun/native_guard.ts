import { dialedPort, portOf, proxyPorts } from "../../core/dialed_port.ts";
import {
  keepPorts,
  type KeptPort,
  type OpenSelf,
  type PortKeeper,
  readUrl,
  releaseAfter,
} from "../../core/port_keeper.ts";
import { replaceClass, replaceFunction } from "../replace.ts";
import type { NativeOptions } from "./driver.ts";

/** Connects a socket to itself. Unlike node:net, Bun.connect binds and connects before it returns. */
export const openWithBunConnect: OpenSelf = (hostname, port) => {
  let onClose: () => void = () => {};
  const closed = new Promise<void>((resolve) => onClose = resolve);
  const options: NativeOptions<undefined> = {
    ...{ hostname, port, localAddress: hostname, localPort: port },
    socket: { data() {}, close: () => onClose(), connectError() {} },
  };
  let socket: Bun.Socket<undefined> | undefined;
  const opened = Bun.connect<undefined>(options).then((connected) => {
    connected.unref();
    socket = connected;
  });
  return { opened, closed, reset: () => void socket?.terminate() };
};

const { env } = process;

/** The ports of the environment's proxies, which Bun reads at each request. */
function environmentPorts(): readonly number[] {
  return proxyPorts((name) => env[name]);
}

/** Makes the call with the port already held: when the call returns, Bun has dialed, or soon will in another thread. */
function callWhileKept(kept: KeptPort, call: () => unknown): unknown {
  try {
    const result = call();
    if (result instanceof Promise) return releaseAfter(result, kept);
    void kept.release();
    return result;
  } catch (error) {
    void kept.release();
    throw error;
  }
}

interface FetchOptions {
  readonly proxy?: unknown;
  readonly unix?: unknown;
}

function optionPort(proxy: unknown): number | undefined {
  const url = typeof proxy === "object" && proxy !== null && "url" in proxy ? proxy.url : proxy;
  return typeof url === "string" || url instanceof URL ? dialedPort(String(url)) : undefined;
}

/** The port of the URL in the first argument: text, an object with a `url`, as a Request is, or one that is converted. */
function inputPort(args: unknown[]): number | undefined {
  const [input] = args;
  if (typeof input === "object" && input !== null) {
    const { url } = input as { url?: unknown };
    if (typeof url === "string") return dialedPort(url);
    if (input instanceof Blob) return undefined;
  }
  return dialedPort(readUrl(args));
}

function guardFetch(keeper: PortKeeper): void {
  replaceFunction(globalThis, "fetch", (fetch, thisArg, args) => {
    const { proxy, unix } = (args[1] ?? {}) as FetchOptions;
    let port: number | undefined;
    try {
      port = inputPort(args);
    } catch (error) {
      return Promise.reject(error);
    }
    const kept = unix ? undefined : keepPorts(keeper, [port, optionPort(proxy), ...environmentPorts()]);
    if (kept === undefined) return Reflect.apply(fetch, thisArg, args);
    return callWhileKept(kept, () => Reflect.apply(fetch, thisArg, args));
  }, {
    // The connection is made at an unknown later time, so the port stays held.
    preconnect(preconnect, thisArg, args) {
      keepPorts(keeper, [inputPort(args), ...environmentPorts()]);
      return Reflect.apply(preconnect, thisArg, args);
    },
  });
}

function guardWebSocket(keeper: PortKeeper): void {
  replaceClass(globalThis, "WebSocket", (make, args) => {
    const { proxy } = (args[1] ?? {}) as FetchOptions;
    const kept = keepPorts(keeper, [dialedPort(readUrl(args)), optionPort(proxy), ...environmentPorts()]);
    if (kept === undefined) return make();
    try {
      const socket = make() as EventTarget;
      for (const event of ["open", "error", "close"]) socket.addEventListener(event, () => void kept.release());
      return socket;
    } catch (error) {
      void kept.release();
      throw error;
    }
  });
}

/** A socket whose local port the program chose is not guarded, as with node:net. */
function guardConnect(keeper: PortKeeper): void {
  replaceFunction(Bun, "connect", (connect, thisArg, args) => {
    const { port, unix, fd, localAddress, localPort } = (args[0] ?? {}) as Record<string, unknown>;
    // Bun ignores a local port without an address.
    const isTcp = !unix && fd === undefined && !(localAddress && localPort);
    const kept = isTcp ? keepPorts(keeper, [portOf(port)]) : undefined;
    if (kept === undefined) return Reflect.apply(connect, thisArg, args);
    return callWhileKept(kept, () => Reflect.apply(connect, thisArg, args));
  });
}

/** The variables with the URL of a database client that gets none from the program. */
const DATABASE_VARIABLES: readonly string[] = [
  ...["DATABASE_URL", "DATABASEURL", "TLS_DATABASE_URL", "POSTGRES_URL", "PGURL", "PG_URL", "MYSQL_URL"],
  ...["REDIS_URL", "VALKEY_URL"],
];

/**
 * Database clients dial again by themselves, from a pool or after a failure, so their ports stay held. Bun's own
 * clients, `Bun.sql` and `Bun.redis`, and clients without a URL dial the URLs in the environment.
 */
function guardDatabases(keeper: PortKeeper): void {
  const named = DATABASE_VARIABLES.map((name) => env[name]).map((url) => url ? dialedPort(url) : undefined);
  keepPorts(keeper, [...named, portOf(env["PGPORT"]), portOf(env["MYSQL_PORT"])]);
  const keepSql = (sql: unknown): unknown => {
    const { options } = sql as { options?: { port?: unknown } };
    keepPorts(keeper, [portOf(options?.port)]);
    return sql;
  };
  replaceClass(
    Bun,
    "SQL",
    (make) => keepSql(make()) as object,
    (SQL, thisArg, args) => keepSql(Reflect.apply(SQL, thisArg, args)),
  );
  replaceClass(Bun, "RedisClient", (make, args) => {
    if (args[0] !== undefined) {
      const text = readUrl(args);
      // The URL may lack its scheme.
      keepPorts(keeper, [dialedPort(text.includes("://") ? text : `redis://${text}`)]);
    }
    return make();
  });
}

/** Guards the calls of Bun that do not go through node:net, as far as Bun allows replacing them. */
export function guardNativeCalls(keeper: PortKeeper): void {
  guardFetch(keeper);
  guardWebSocket(keeper);
  guardConnect(keeper);
  guardDatabases(keeper);
}
