import type { ByteStream } from "../../core/byte_stream.ts";
import { close } from "./closing.ts";

/** A `Deno.TcpConn` as the byte pipe of the portable API. */
export function byteStream(conn: Deno.TcpConn): ByteStream {
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
