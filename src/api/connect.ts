import { withAdapter } from "../adapters/detect.ts";
import type { PortableAdapter } from "../core/adapter.ts";
import { dial } from "../core/dial.ts";
import { dialFrom, isBare, rejecting } from "../core/bare_call.ts";
import type { Proved } from "../core/guard.ts";
import { type ConnectOptions, type Plan, planOf } from "../core/options.ts";
import { type Connection, WireConnection } from "./connection.ts";

function connectionOf(adapter: PortableAdapter<unknown>, { socket, pair }: Proved<unknown>): Connection {
  return new WireConnection(adapter.wire(socket), pair, socket);
}

function connectBare(adapter: PortableAdapter<unknown>, plan: Plan): Promise<Connection> {
  return adapter.open(plan.target).then((socket) => {
    const pair = adapter.endpoints(socket);
    if (pair !== null && pair.local.port !== pair.remote.port) return connectionOf(adapter, { socket, pair });
    return dialFrom(socket, adapter, plan).then((dialed) => connectionOf(adapter, dialed));
  });
}

/**
 * Opens a TCP connection, and resolves only with a real peer at its other end.
 *
 * Without `retry` a self-connection is dialed again at once, up to three connects in all; every other failure is the
 * runtime's own error, untouched. With `retry` it goes on until a real peer accepts, the limits are reached, or an error
 * comes that no waiting mends, such as a missing permission.
 *
 * @throws {TypeError} when an option has the wrong type or an unknown name
 * @throws {RangeError} when a number is out of its range
 * @throws {SelfConnectError} when the kernel connected the socket to itself: nobody is listening
 * @throws {ConnectTimeoutError} when `timeout` or, without retry, `attemptTimeout` ran out
 * @throws `signal.reason`, as it is, when the signal aborts
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp";
 * await using connection = await connect({ hostname: "localhost", port: 5432, retry: true, timeout: 30_000 });
 * await connection.writable.getWriter().write(new TextEncoder().encode("hello"));
 * ```
 */
export function connect(options: ConnectOptions): Promise<Connection> {
  return rejecting(() => {
    const plan = planOf(options);
    return withAdapter(plan, (adapter) => {
      if (isBare(plan)) return connectBare(adapter, plan);
      return dial(adapter, plan).then((dialed) => connectionOf(adapter, dialed));
    });
  });
}
