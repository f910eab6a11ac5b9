import type { Socket } from "node:net";
import { READ_AHEAD_BYTES } from "../../core/adapter.ts";

/**
 * Notices a hang-up, which a `net.Socket` reports only to somebody who reads, and puts back what was read. The socket is
 * never paused: clients that were given a paused one did not read it (http, pg, mysql2). See `Adapter.isStable`.
 */
export function isStable(socket: Socket, ms: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const stop = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("readable", onReadable).off("end", onHangUp).off("close", onHangUp).off("error", onHangUp);
    };
    const onReadable = (): void => {
      while (length < READ_AHEAD_BYTES) {
        const chunk: Uint8Array | null = socket.read();
        if (chunk === null) return;
        chunks.push(chunk);
        length += chunk.length;
      }
    };
    const onHangUp = (): void => {
      stop();
      resolve(false);
    };
    const onAbort = (): void => {
      stop();
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      stop();
      if (length > 0) socket.unshift(Buffer.concat(chunks));
      resolve(true);
    }, ms);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort);
    socket.on("readable", onReadable).on("end", onHangUp).on("close", onHangUp).on("error", onHangUp);
  });
}
