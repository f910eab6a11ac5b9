import type { Socket } from "node:net";
import { type PeerWatch, READ_AHEAD_BYTES } from "../../core/attempt.ts";

/**
 * Notices a hang-up, which a `net.Socket` reports only to a reader, and puts the read bytes back. The socket is never
 * paused: http, pg and mysql2 do not read from a socket that they get paused.
 */
export function watchPeer(socket: Socket): PeerWatch {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let onHangUp = (): void => {};
  const hungUp = new Promise<void>((resolve) => onHangUp = resolve);
  const onReadable = (): void => {
    while (length < READ_AHEAD_BYTES) {
      const chunk: Uint8Array | null = socket.read();
      if (chunk === null) return;
      chunks.push(chunk);
      length += chunk.length;
    }
  };
  socket.on("readable", onReadable).on("end", onHangUp).on("close", onHangUp).on("error", onHangUp);
  return {
    hungUp,
    stop() {
      socket.off("readable", onReadable).off("end", onHangUp).off("close", onHangUp).off("error", onHangUp);
      if (length > 0 && !socket.destroyed) socket.unshift(Buffer.concat(chunks));
    },
  };
}
