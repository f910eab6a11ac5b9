import { withAdapter } from "../adapters/choose.ts";
import { isWindows } from "../adapters/detect.ts";
import { dial } from "../core/dial.ts";
import { type ConnectOptions, resolveOptions } from "../core/options.ts";
import { endsOf } from "../core/trial.ts";
import { optionsOf } from "./call_forms.ts";
import { ByteStreamConnection, type Connection } from "./connection.ts";

/**
 * Opens a TCP connection, and resolves only with a real peer at its other end. The target is part of the options, or
 * the first argument: `connect("db:5432", options)`, `connect(5432)`.
 *
 * Without `retry` a self-connection is dialed again at once, up to three connects in all; every other failure is the
 * runtime's own error, untouched. With `retry` it dials until a real peer accepts, a limit is reached, or a permanent
 * error occurs, such as a missing permission.
 *
 * @throws TypeError when an option has the wrong type or an unknown name
 * @throws RangeError when a number is out of its range
 * @throws SelfConnectError when the kernel connected the socket to itself: the port has no listener
 * @throws ConnectTimeoutError when `timeout` or, without retry, `attemptTimeout` ran out
 * @throws `signal.reason`, unchanged, when the signal aborts
 *
 * @example
 * ```ts
 * import { connect } from "@realpeer/tcp";
 * await using connection = await connect("localhost:5432", { retry: true, timeout: 30_000 });
 * await connection.writable.getWriter().write(new TextEncoder().encode("hello"));
 * ```
 */
export function connect<Native = unknown>(options: ConnectOptions): Promise<Connection<Native>>;
/** The same, with the target first: an endpoint as text (see `parseEndpoint`), or a port of this host. */
export function connect<Native = unknown>(
  target: string | number,
  options?: Omit<ConnectOptions, "hostname" | "port">,
): Promise<Connection<Native>>;
export async function connect<Native = unknown>(
  first: ConnectOptions | string | number,
  more?: Omit<ConnectOptions, "hostname" | "port">,
): Promise<Connection<Native>> {
  const options = resolveOptions(optionsOf(first, more), { isWindows });
  return await withAdapter(options, async (adapter) => {
    const { socket } = await dial(adapter, options);
    const { target, allowHalfOpen } = options;
    const pair = endsOf(adapter, socket, target);
    const settings = { hostname: target.hostname, allowHalfOpen };
    // The caller chooses the type of the runtime's socket.
    return new ByteStreamConnection(adapter.byteStream(socket), pair, socket as Native, settings);
  });
}
