import { ALL } from "node:dns";
import * as net from "node:net";
import type { Attempt, Target } from "../../core/attempt.ts";
import { afterPoll } from "../../core/clock.ts";
import { ipVersion } from "../../core/endpoint.ts";
import { assertMayBind, assertMayLookUp } from "../detect.ts";
import { GUARDED } from "./verdict.ts";

const ignore = (): void => {};

/**
 * Destroys a socket after the event loop has reported any complete connect: a self-connection is complete when
 * connect(2) returns, and destroy() would leave its TIME-WAIT. At the next address of a name the wait starts again.
 */
function abandon(socket: net.Socket): void {
  const destroyLater = (): () => void => afterPoll(() => socket.destroy());
  let cancel = destroyLater();
  socket.on("error", ignore).on("connectionAttempt", () => {
    cancel();
    cancel = destroyLater();
  });
}

type DialOptions = net.TcpNetConnectOpts & { path?: undefined; [GUARDED]?: true };

/** Dials with `net.connect` and these options. */
export function open(
  { hostname, port, localAddress, localPort }: Omit<Target, "name">,
  nativeOptions: Partial<net.TcpNetConnectOpts> | undefined,
): Attempt<net.Socket> {
  const options: DialOptions = {
    // Own properties, so that node:net does not take these options from Object.prototype. They are not spread from a
    // constant, because node:net is slow with an object that is made in that way.
    allowHalfOpen: undefined,
    autoSelectFamily: undefined,
    family: undefined,
    // Not ADDRCONFIG, the default: with it a host whose only IPv6 address is `::1` never dials `::1`.
    hints: ALL,
    lookup: undefined,
    path: undefined,
    signal: undefined,
    timeout: undefined,
    ...nativeOptions,
    host: hostname,
    port,
    localAddress,
    localPort,
  };
  // The core compares the ends and dials again, so the process-wide guard must ignore this socket.
  if (GUARDED in net.Socket.prototype.connect) options[GUARDED] = true;
  assertMayBind(options);
  if (options.lookup === undefined && ipVersion(hostname) === 0) assertMayLookUp(hostname, port);
  const socket = net.connect(options);
  const opened = new Promise<net.Socket>((resolve, reject) => {
    socket.once("error", reject).once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
  return { opened, abandon: () => abandon(socket) };
}

/**
 * The same for a caller that gets the socket: it dials the name, if there was one, by the address that was found.
 * `tls.connect({ socket })` takes the name from a socket that has dialed one, and verifies the peer by it.
 */
export function openByName(
  target: Target,
  nativeOptions: Partial<net.TcpNetConnectOpts> | undefined,
): Attempt<net.Socket> {
  const { name, hostname: address } = target;
  if (name === undefined) return open(target, nativeOptions);
  const family = ipVersion(address);
  const lookup: net.LookupFunction = (_name, { all }, callback) => {
    if (all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
  return open({ ...target, hostname: name }, { ...nativeOptions, family, lookup });
}
