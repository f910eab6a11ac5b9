/**
 * A guarded `Deno.connect`: the same options and the same `Deno.TcpConn`, but never one that is connected to itself.
 * Needs `--allow-net=HOST:PORT` and nothing else.
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp/deno";
 * using conn = await connect({ hostname: "127.0.0.1", port: 5432, retry: true });
 * ```
 *
 * @module
 */
import { type Adapter, LATE_MS, type PortableAdapter, type Target, type Wire } from "../core/adapter.ts";
import { dialSocket, rejecting } from "../core/bare_call.ts";
import { type EndpointPair, sameEndpoint } from "../core/endpoint.ts";
import { type ConnectOptions, foreignOptions, type Plan, planOf } from "../core/options.ts";
import { publishSelfConnection } from "./diagnostics.ts";
import { ReadAhead } from "./deno/read_ahead.ts";

export { ConnectTimeoutError, SelfConnectError } from "../core/errors.ts";
export type { ConnectOptions } from "../core/options.ts";
export type { RetryContext, RetryOptions } from "../core/retry.ts";
export type { Endpoint } from "../core/endpoint.ts";

/** The guard's options, and whatever else `Deno.connect` takes. */
export interface DenoConnectOptions extends Omit<ConnectOptions, "localAddress" | "localPort"> {
  /** `Deno.connect` has others, which cannot be guarded. @default {"tcp"} */
  readonly transport?: "tcp" | undefined;
  /** Passed on to `Deno.connect`. */
  readonly [option: string]: unknown;
}

/**
 * More than any send and receive buffer of Linux' defaults holds (net.ipv4.tcp_rmem, tcp_wmem): 131,072 bytes were
 * enough on 6.18, 100,000 were not.
 */
const OVERFLOW_BYTES = 1 << 20;
let overflow: Uint8Array | undefined;

/**
 * Deno has no linger option, and `close()` sends FIN first, which on a self-connection leaves `TIME-WAIT P -> P`. With
 * more bytes on their way than the buffers hold, the FIN waits behind a full window, and closing a socket that has unread
 * data is a reset (RFC 1122, 4.2.2.13). Only for a proved self-connection: nobody else reads those bytes. Where
 * net.ipv4.tcp_wmem's maximum is 64 KiB or less a TIME-WAIT remains.
 */
function reset(conn: Deno.TcpConn): void {
  overflow ??= new Uint8Array(OVERFLOW_BYTES);
  conn.write(overflow).catch(() => {});
  close(conn);
}

/** Deno.TcpConn has no property that tells whether it was closed. */
const closed = new WeakSet<Deno.TcpConn>();

function close(conn: Deno.TcpConn): void {
  if (closed.has(conn)) return;
  closed.add(conn);
  conn.close();
}

function endpoints({ localAddr, remoteAddr }: Deno.TcpConn): EndpointPair {
  return {
    local: { hostname: localAddr.hostname, port: localAddr.port },
    remote: { hostname: remoteAddr.hostname, port: remoteAddr.port },
  };
}

/**
 * Deno closes the socket of an aborted connect normally. A self-connection is complete as soon as connect(2) returns,
 * before Deno tells, and would leave its TIME-WAIT: so Deno hears of the abort only when such a socket has come up and
 * been reset. The caller does not wait for that.
 */
function openUntilAborted(options: Deno.ConnectOptions, signal: AbortSignal): Promise<Deno.TcpConn> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const late = new AbortController();
    const onAbort = (): void => {
      reject(signal.reason);
      setTimeout(() => late.abort(), LATE_MS);
    };
    signal.addEventListener("abort", onAbort);
    const settle = (): void => signal.removeEventListener("abort", onAbort);
    Deno.connect({ ...options, signal: late.signal }).then((conn) => {
      settle();
      if (!signal.aborted) return resolve(conn);
      const { local, remote } = endpoints(conn);
      if (sameEndpoint(local, remote)) reset(conn);
      else close(conn);
    }, (error) => {
      settle();
      reject(error);
    });
  });
}

function wire(conn: Deno.TcpConn): Wire {
  let buffer: Uint8Array | undefined;
  return {
    async read() {
      buffer ??= new Uint8Array(65536);
      const length = await conn.read(buffer);
      return length === null ? null : buffer.slice(0, length);
    },
    async write(chunk) {
      for (let sent = 0; sent < chunk.length;) sent += await conn.write(chunk.subarray(sent));
    },
    closeWrite: () => conn.closeWrite(),
    close: () => Promise.resolve(close(conn)),
    reset: () => close(conn),
  };
}

function adapterFor(nativeOptions: Record<string, unknown> | undefined): Adapter<Deno.TcpConn> {
  return {
    runtime: "deno",
    open({ hostname, port }: Target, signal?: AbortSignal): Promise<Deno.TcpConn> {
      const options = { ...nativeOptions, hostname, port };
      return signal ? openUntilAborted(options, signal) : Deno.connect(options);
    },
    endpoints,
    localPort: (conn) => conn.localAddr.port,
    reset,
    close,
    isStable: (conn, ms, signal) => new ReadAhead(conn).isStable(ms, signal),
    publish: publishSelfConnection,
  };
}

/**
 * What the portable API runs on under Deno.
 *
 * @internal
 * @ignore
 */
export const denoAdapter: PortableAdapter<Deno.TcpConn> = { ...adapterFor(undefined), wire };

function denoPlan(options: DenoConnectOptions): Plan {
  const { localAddress, localPort, transport }: Record<string, unknown> = options ?? {};
  if (localAddress !== undefined || localPort !== undefined) {
    const name = localAddress === undefined ? "localPort" : "localAddress";
    throw new TypeError(
      `Cannot connect: Deno.connect ignores ${name}, use connect from "@realpeer/tcp" or "@realpeer/tcp/node"`,
    );
  }
  if (transport !== undefined && transport !== "tcp") {
    throw new TypeError(`Cannot connect: transport must be "tcp", got ${JSON.stringify(transport)}`);
  }
  return planOf(options, true);
}

/**
 * Opens a connection to a real peer with `Deno.connect`.
 *
 * With `stableFor` one read is pending until the first byte arrives, so `Deno.startTls` has to wait for that.
 *
 * @throws {TypeError} when an option has the wrong type, or binds the client end, which `Deno.connect` cannot
 * @throws {RangeError} when a number is out of its range
 * @throws {SelfConnectError} when the kernel connected the socket to itself
 * @throws {ConnectTimeoutError} when `timeout` ran out
 * @throws {Deno.errors.NotCapable} without permission; like every error of `Deno.connect` as it is
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp/deno";
 * using conn = await connect({ port: 5432, retry: true, timeout: 30_000 });
 * ```
 */
export function connect(options: DenoConnectOptions): Promise<Deno.TcpConn> {
  return rejecting(() => {
    const plan = denoPlan(options);
    const nativeOptions = foreignOptions(options);
    return dialSocket(nativeOptions === undefined ? denoAdapter : adapterFor(nativeOptions), plan);
  });
}
