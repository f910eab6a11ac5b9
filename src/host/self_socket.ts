import * as net from "node:net";

/** A socket that is connected to itself, or soon will be. */
export interface SelfSocket {
  /** Resolves when the socket is bound and connected; rejects with the runtime's own error. */
  readonly opened: Promise<void>;
  /** Resolves when the socket is closed, for any reason. */
  readonly closed: Promise<void>;
  /** Closes with a reset, which leaves no TIME_WAIT. Only to be called after `opened` has resolved. */
  reset(): void;
}

/** Connects a socket to itself at this address and port. Afterwards it does not keep the process alive. */
export type OpenSelf = (hostname: string, port: number) => SelfSocket;

/** With node:net, which all runtimes have. The socket is bound after this tick of the event loop. */
export const openWithNodeNet: OpenSelf = (hostname, port) => {
  const socket = net.connect({ host: hostname, port, localAddress: hostname, localPort: port });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const opened = new Promise<void>((resolve, reject) => {
    socket.once("connect", () => {
      // Not earlier: Deno ends a program whose only pending work is an unref'd connect.
      socket.unref();
      resolve();
    });
    // Never removed: an error without a listener ends the process.
    socket.on("error", reject);
  });
  return { opened, closed, reset: () => void socket.resetAndDestroy() };
};
