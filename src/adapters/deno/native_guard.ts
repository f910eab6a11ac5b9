import { dialedPort, portOf, proxyPorts } from "../../core/dialed_port.ts";
import { keepPorts, type KeptPort, type PortKeeper, readUrl, releaseAfter } from "../../core/port_keeper.ts";
import { replaceClass, replaceFunction } from "../replace.ts";
import { readEnv } from "../detect.ts";

/** Keeps ports for calls that can wait, and for calls that dial before they return. */
export interface DenoPortKeeper extends PortKeeper {
  /** Holds the port before it returns. */
  holdAtOnce(port: number): KeptPort;
}

/** The ports of the environment's proxies, which Deno reads at its first request. */
let environmentPorts: readonly number[] | undefined;

function readEnvironment(): readonly number[] {
  return environmentPorts ??= proxyPorts(readEnv);
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
    let url: string;
    try {
      url = args[0] instanceof Request ? args[0].url : readUrl(args);
    } catch (error) {
      return Promise.reject(error);
    }
    const kept = keepPorts(keeper, [dialedPort(url, location?.href), ...readEnvironment()]);
    if (kept === undefined) return Reflect.apply(fetch, thisArg, args);
    let request: Request;
    try {
      const init = args[1] as RequestInit | undefined;
      request = new Request(args[0] as string | Request, init);
      // As in the bare call, a stream is locked when the call returns. Deno's Request locks only that of a Request.
      if (init?.body instanceof ReadableStream) request = new Request(request);
    } catch (error) {
      void kept.release();
      return Promise.reject(error);
    }
    return callWhileKept(kept, () => Reflect.apply(fetch, thisArg, [request]));
  });
}

/** A copy of plain options: as in the bare call, later changes have no effect. Other objects may have getters, and stay. */
function copyOf(options: unknown): unknown {
  const isPlain = typeof options === "object" && options !== null &&
    Object.getPrototypeOf(options) === Object.prototype;
  return isPlain ? { ...options } : options;
}

/** Guards Deno.connect and Deno.connectTls. */
function guardConnect(name: "connect" | "connectTls", keeper: PortKeeper): void {
  replaceFunction(Deno, name, (connect, thisArg, args) => {
    const { transport, port } = (args[0] ?? {}) as { transport?: unknown; port?: unknown };
    const kept = (transport ?? "tcp") === "tcp" ? keepPorts(keeper, [portOf(port)]) : undefined;
    if (kept === undefined) return Reflect.apply(connect, thisArg, args);
    const copy = copyOf(args[0]);
    return callWhileKept(kept, () => Reflect.apply(connect, thisArg, [copy, ...args.slice(1)]));
  });
}

/** Guards a class that dials in its constructor: the ports must be held before the constructor returns. */
function guardConstructor<Made extends object>(
  name: "WebSocket" | "EventSource" | "WebSocketStream",
  keeper: DenoPortKeeper,
  onMade: (made: Made, kept: KeptPort) => void,
): void {
  const early: PortKeeper = { ...keeper, hold: keeper.holdAtOnce };
  replaceClass(globalThis, name, (make, args) => {
    const kept = keepPorts(early, [dialedPort(readUrl(args), globalThis.location?.href), ...readEnvironment()]);
    if (kept === undefined) return make();
    try {
      const made = make() as Made;
      onMade(made, kept);
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
    const port = proxyPort((args[0] as { proxy?: unknown } | undefined)?.proxy);
    // Requests and sockets that are made with the client dial its proxy at any later time, so the port stays held.
    if (port !== undefined && keeper.isAtRisk(port)) keeper.holdAtOnce(port);
    return Reflect.apply(create, thisArg, args);
  });
  guardConstructor<WebSocket>("WebSocket", keeper, (socket, kept) => {
    for (const event of ["open", "error", "close"]) socket.addEventListener(event, () => void kept.release());
  });
  // An open EventSource dials again by itself, so the port stays held.
  guardConstructor("EventSource", keeper, () => {});
  // With --unstable-net.
  guardConstructor<{ readonly opened: Promise<unknown> }>("WebSocketStream", keeper, ({ opened }, kept) => {
    releaseAfter(opened, kept).catch(() => {});
  });
}
