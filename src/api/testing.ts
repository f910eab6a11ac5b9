/**
 * Fixtures for tests of code that dials: a self-connection on demand, and a port that refuses while it is held. The
 * same on Deno, Bun and Node.
 *
 * @example
 * ```ts
 * import { isSelfConnection } from "@realpeer/tcp";
 * import { deadPort, selfConnectedPair } from "@realpeer/tcp/testing";
 *
 * await using pair = await selfConnectedPair();
 * console.log(isSelfConnection(pair)); // true
 *
 * await using dead = await deadPort();
 * await fetch(`http://${dead.hostname}:${dead.port}`).catch((error) => console.log(error.message));
 * ```
 *
 * @module
 */
import { once } from "node:events";
import * as net from "node:net";
import { endpoints } from "../adapters/endpoints.ts";
import { selfConnectAddress } from "../host/loopback.ts";
import { type Endpoint, ipVersion, isPort } from "../core/endpoint.ts";
import { ownProperties, show } from "../core/checks.ts";
import { openAtOnce } from "../adapters/native_guard.ts";
import { PortHolder } from "../host/port_holder.ts";
import { canHold } from "./own_holder.ts";

export type { Endpoint } from "../core/endpoint.ts";

/** Where to make a self-connection. */
export interface SelfConnectedPairOptions {
  /**
   * A loopback address.
   *
   * @defaultValue `"127.0.0.1"`; `"::1"` on macOS and FreeBSD, which allow self-connections there only
   */
  readonly hostname?: string | undefined;
  /** 1 to 65535; a free port by default. */
  readonly port?: number | undefined;
}

/** A socket that is connected to itself: everything written to it can be read from it. */
export interface SelfConnectedPair extends AsyncDisposable {
  /** The one socket at both ends of the connection. */
  readonly socket: net.Socket;
  /** The same endpoint as `remote`. */
  readonly local: Endpoint;
  /** The same endpoint as `local`. */
  readonly remote: Endpoint;
  /** Resets the connection; resolves when a server can bind the port again. Safe to call twice. */
  release(): Promise<void>;
}

/** A loopback port without a listener. */
export interface DeadPort extends Endpoint, AsyncDisposable {
  /** Gives the port back to the kernel; resolves when that is done. Safe to call twice. */
  release(): Promise<void>;
}

/** How many ports are tried when another program takes the free port first. */
const PORT_TRIES = 5;

async function listen(hostname: string): Promise<[server: net.Server, port: number]> {
  const server = net.createServer();
  server.listen(0, hostname);
  await once(server, "listening");
  return [server, (server.address() as net.AddressInfo).port];
}

async function freePort(hostname: string): Promise<number> {
  const [server, port] = await listen(hostname);
  server.close();
  await once(server, "close");
  return port;
}

/** Resets a socket, so that no TIME-WAIT holds its port. */
async function drop(socket: net.Socket): Promise<void> {
  if (socket.closed) return;
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resetAndDestroy();
  await closed;
}

/**
 * Connects a socket to itself, at once and every time, by binding the port that it dials. `@realpeer/tcp/register` does
 * not guard this socket.
 *
 * @throws TypeError when `hostname` is no IP literal
 * @throws RangeError when `port` is not an integer from 1 to 65535
 * @throws the error of `net.connect`, with code EADDRINUSE when there is a listener on `port`
 *
 * @example
 * ```ts
 * import { selfConnectedPair } from "@realpeer/tcp/testing";
 * await using pair = await selfConnectedPair({ hostname: "::1" });
 * pair.socket.on("data", (chunk) => console.log(`${chunk}`)); // hello
 * pair.socket.write("hello");
 * ```
 */
export async function selfConnectedPair(options: SelfConnectedPairOptions = {}): Promise<SelfConnectedPair> {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot make a self-connection: options must be an object, got ${show(options)}`);
  }
  const { hostname = selfConnectAddress(), port } = ownProperties(options);
  if (typeof hostname !== "string" || ipVersion(hostname) === 0) {
    throw new TypeError(`Cannot make a self-connection: hostname must be an IP address, got ${show(hostname)}`);
  }
  if (port !== undefined && !isPort(port)) {
    throw new RangeError(`Cannot make a self-connection: port must be an integer from 1 to 65535, got ${port}`);
  }
  for (let triesLeft = port === undefined ? PORT_TRIES - 1 : 0;; triesLeft--) {
    const localPort = port ?? await freePort(hostname);
    const socket = net.connect({ host: hostname, port: localPort, localAddress: hostname, localPort });
    try {
      await once(socket, "connect");
    } catch (error) {
      if (triesLeft === 0) throw error;
      continue;
    }
    const pair = endpoints(socket);
    if (pair === null) throw new Error(`Cannot make a self-connection: the socket on port ${localPort} is gone`);
    const release = (): Promise<void> => drop(socket);
    return { socket, ...pair, release, [Symbol.asyncDispose]: release };
  }
}

/**
 * Finds a loopback port that refuses every connection, and holds it: the kernel gives it neither to a server that asks
 * for any port nor to a client, which could connect to itself. A server that asks for this port can still listen on it.
 * Does not keep the process alive.
 *
 * @throws Error when no port can be held
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp";
 * import { deadPort } from "@realpeer/tcp/testing";
 * await using dead = await deadPort();
 * await connect({ hostname: dead.hostname, port: dead.port }).catch((error) => console.log(error.message));
 * ```
 */
export async function deadPort(): Promise<DeadPort> {
  return canHold ? await holdDeadPort() : await occupyDeadPort();
}

const LOOPBACK = "127.0.0.1";

/** Held at 127.0.0.1 itself: a server at that address that asks for any free port does not get this one. */
const deadPortHolder = new PortHolder({ open: openAtOnce, choose: () => LOOPBACK });

async function holdDeadPort(): Promise<DeadPort> {
  for (let triesLeft = PORT_TRIES - 1;; triesLeft--) {
    const port = await freePort(LOOPBACK);
    const hold = deadPortHolder.hold(port);
    await hold.settled;
    const release = (): Promise<void> => hold.release();
    if (hold.state === "held") return { hostname: LOOPBACK, port, release, [Symbol.asyncDispose]: release };
    await release();
    if (triesLeft === 0) throw new Error(`Cannot hold a dead port: another program has taken ${port}`);
  }
}

/** For systems where no port can be held: the client end of a connection has the port, and accepts no connection. */
async function occupyDeadPort(): Promise<DeadPort> {
  const [server, serverPort] = await listen(LOOPBACK);
  const holder = net.connect({ host: LOOPBACK, port: serverPort, localAddress: LOOPBACK });
  const [[peer]] = await Promise.all([once(server, "connection"), once(holder, "connect")]) as [[net.Socket], unknown];
  server.close();
  const { localPort: port } = holder;
  if (port === undefined) throw new Error("Cannot hold a dead port: the socket that holds it is gone");
  holder.unref();
  peer.unref();
  const release = async (): Promise<void> => {
    await Promise.all([drop(holder), drop(peer)]);
  };
  return { hostname: LOOPBACK, port, release, [Symbol.asyncDispose]: release };
}
