import type { PortableAdapter } from "../../core/byte_stream.ts";
import { byteStream } from "./byte_stream.ts";
import { adapterFor } from "./driver.ts";
import { bufferHandlers, EventBuffer, watchPeer } from "./event_buffer.ts";

/** The adapter of the portable API on Bun. */
export const bunAdapter: PortableAdapter<Bun.Socket<EventBuffer>> = {
  ...adapterFor<EventBuffer>({ allowHalfOpen: true }, bufferHandlers, () => {}),
  open: (target) => {
    const own = { allowHalfOpen: true, socket: bufferHandlers, data: new EventBuffer() };
    return { opened: Bun.connect<EventBuffer>(Object.assign(Object.create(null), target, own)), abandon() {} };
  },
  watchPeer,
  close: (socket) => void socket.end(),
  byteStream,
};
