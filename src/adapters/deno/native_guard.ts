import { dialedPort, portOf, proxyPorts } from "../../core/dialed_port.ts";
import {
  keepPorts,
  type KeptPort,
  type PortKeeper,
  releaseAfter,
  replaceClass,
  replaceFunction,
} from "../../core/native_call.ts";

/** Keeps ports for calls that can wait, and for calls that dial before they return. */
export interface DenoPortKeeper extends PortKeeper {
  /** Holds the port before it returns. */
  holdAtOnce(port: number): KeptPort;
}

/** The clients of Deno.createHttpClient, with the port of each one's proxy. */
const clientPorts = new WeakMap<object, number>();

/** The ports of the environment's proxies, which Deno reads at its first request. */
let environmentPorts: readonly number[] | undefined;

function readEnvironment(): readonly number[] {
  return proxyPorts((name) =>
    Deno.permissions.querySync({ name: "env", variable: name }).state === "granted" ? Deno.env.get(name) : undefined
  );
}

/** Makes the call once the port is held, or once holding has failed; resolves with the call's result. */
function callWhileKept(kept: KeptPort, call: () => unknown): Promise<unknown> {
  return releaseAfter(kept.settled.catch(() => {}).then(call), kept);
}

function proxyPort(proxy: unknown): number | undefined {
  const { url, port } = (proxy ?? {}) as { url?: unknown; port?: unknown };
  return typeof url === "string" ? dialedPort(url) : portOf(port);
}

/** Guards fetch. As in the bare call, later changes of the arguments have no effect. */
function guardFetch(keeper: PortKeeper): void {
  const { Request, location } = globalThis;
  replaceFunction(globalThis, "fetch", (fetch, thisArg, args) => {
    let [input] = args;
    const { client } = (args[1] ?? {}) as { client?: object };
    let url: string;
    try {
      // Converted once: an object may return another text each time.
      if (!(input instanceof Request) && args.length > 0) args[0] = input = `${input}`;
      url = input instanceof Request ? input.url : String(input);
    } catch (error) {
      return Promise.reject(error);
    }
    environmentPorts ??= readEnvironment();
    const ports = [dialedPort(url, location?.href), client && clientPorts.get(client), ...environmentPorts];
    const kept = keepPorts(keeper, ports);
    if (kept === undefined) return Reflect.apply(fetch, thisArg, args);
    let request: Request;
    try {
      const init = args[1] as RequestInit | undefined;
      request = new Request(input as string | Request, init);
      // As in the bare call, a stream is locked when the call returns. Deno's Request locks only that of a Request.
      if (init?.body instanceof ReadableStream) request = new Request(request);
    } catch (error) {
      void kept.release();
      return Promise.reject(error);
    }
    return callWhileKept(kept, () => Reflect.apply(fetch, thisArg, [request]));
  });
}

/** Guards Deno.connect and Deno.connectTls. */
function guardConnect(name: "connect" | "connectTls", keeper: PortKeeper): void {
  replaceFunction(Deno, name, (connect, thisArg, args) => {
    const options = args[0];
    const { transport = "tcp", port } = (options ?? {}) as { transport?: unknown; port?: unknown };
    const kept = transport === "tcp" ? keepPorts(keeper, [portOf(port)]) : undefined;
    if (kept === undefined) return Reflect.apply(connect, thisArg, args);
    const copy = { ...options as object };
    return callWhileKept(kept, () => Reflect.apply(connect, thisArg, [copy, ...args.slice(1)]));
  });
}

/** Guards a class that dials in its constructor: the port must be held before the constructor returns. */
function guardConstructor(
  name: "WebSocket" | "EventSource",
  keeper: DenoPortKeeper,
  onMade: (made: EventTarget, kept: KeptPort) => void,
): void {
  replaceClass(globalThis, name, (make, args) => {
    // Only strings and URLs: another object might convert to two different texts.
    const [input] = args;
    const port = typeof input === "string" || input instanceof URL
      ? dialedPort(String(input), globalThis.location?.href)
      : undefined;
    if (port === undefined || !keeper.isAtRisk(port)) return make();
    const early = keeper.holdAtOnce(port);
    const kept = keeper.hold(port);
    const endEarly = (): void => void early.release();
    kept.settled.then(endEarly, endEarly);
    try {
      const made = make();
      onMade(made as EventTarget, kept);
      return made;
    } catch (error) {
      void kept.release();
      throw error;
    }
  });
}

/** Guards the calls of Deno that do not go through node:net. */
export function guardNativeCalls(keeper: DenoPortKeeper): void {
  guardFetch(keeper);
  guardConnect("connect", keeper);
  guardConnect("connectTls", keeper);
  replaceFunction(Deno, "createHttpClient", (create, thisArg, args) => {
    const client = Reflect.apply(create, thisArg, args) as object;
    const port = proxyPort((args[0] as { proxy?: unknown } | undefined)?.proxy);
    if (port !== undefined) clientPorts.set(client, port);
    return client;
  });
  guardConstructor("WebSocket", keeper, (socket, kept) => {
    for (const event of ["open", "error", "close"]) socket.addEventListener(event, () => void kept.release());
  });
  // An open EventSource dials again by itself, so the port stays held.
  guardConstructor("EventSource", keeper, () => {});
}
