import { createConnection, type Socket } from "node:net";
import type { Adapter, Attempt } from "../core/attempt.ts";

/** Why the connect failed: the server has not created the socket yet, or an earlier server has left it behind. */
const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket",
  ENOTDIR: "there is no such socket",
  ECONNREFUSED: "there is no listener on the socket",
  // The listener's queue is full (connect(2)).
  EAGAIN: "the listener is busy",
};

/** All of these are refusals, which are worth another attempt. */
function explained(error: NodeJS.ErrnoException): Error {
  const hint = HINTS[error.code ?? ""];
  return hint === undefined ? error : Object.assign(new Error(hint, { cause: error }), { code: "ECONNREFUSED", hint });
}

/** Connections to the unix socket at `path`; the target is ignored. A unix socket is never connected to itself. */
export function unixAdapter(path: string): Adapter<Socket> {
  const ends = { local: { hostname: "", port: 0 }, remote: { hostname: path, port: 0 } };
  const close = (socket: Socket): void => void socket.on("error", () => {}).destroy();
  return {
    open(): Attempt<Socket> {
      const socket = createConnection({ path });
      const opened = new Promise<Socket>((resolve, reject) => {
        socket.once("connect", () => resolve(socket)).once("error", (error) => reject(explained(error)));
      });
      return { opened, abandon: () => close(socket) };
    },
    endpoints: () => ends,
    reset: close,
    close,
    watchPeer(socket) {
      let onHangUp = (): void => {};
      const hungUp = new Promise<void>((resolve) => onHangUp = resolve);
      // The peer's bytes are discarded: the connection is closed afterwards.
      socket.resume().on("end", onHangUp).on("close", onHangUp).on("error", onHangUp);
      return { hungUp, stop() {} };
    },
    lookup: undefined,
    localPort: undefined,
    publish() {},
  };
}
