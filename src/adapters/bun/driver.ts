import type { Adapter, Attempt, Target } from "../../core/attempt.ts";
import { publishSelfConnection } from "../diagnostics.ts";
import { endpoints } from "../endpoints.ts";
import { withData } from "./attach_handlers.ts";
import { bufferHandlers, EventBuffer, tlsBufferHandlers, watchPeer } from "./event_buffer.ts";

/** The options of Bun.connect, with the two that its types do not declare. */
export type NativeOptions<Data> = Bun.TCPSocketConnectOptions<Data> & Pick<Target, "localAddress" | "localPort">;

/** Not `Bun.dns`, whose pending lookup keeps the process alive. */
async function lookup(hostname: string): Promise<readonly string[]> {
  return await (await import("../node/lookup.ts")).lookup(hostname);
}

const silentHandlers: Bun.SocketHandler<unknown> = { data() {} };

/** `handlers` get no `open` event, and no other event in the turn in which the ends are compared. */
export function adapterFor<Data>(
  nativeOptions: Omit<NativeOptions<Data>, "hostname" | "port" | "socket">,
  handlers: Bun.SocketHandler<Data>,
  onRefused: (socket: Bun.Socket<Data>) => void,
): Adapter<Bun.Socket<Data>> {
  const close = (socket: Bun.Socket<Data>): void => {
    onRefused(socket);
    socket.reload({ socket: silentHandlers });
    socket.terminate();
  };
  return {
    // A pending Bun.connect cannot be cancelled: the core resets or closes a socket that opens later.
    open: (target): Attempt<Bun.Socket<Data>> => ({
      // Without a prototype: Bun would read options from Object.prototype.
      opened: Bun.connect<Data>(Object.assign(Object.create(null), nativeOptions, target, { socket: handlers })),
      abandon() {},
    }),
    endpoints,
    reset: close,
    close,
    watchPeer(socket) {
      const buffered = withData(socket, new EventBuffer());
      buffered.reload({ socket: nativeOptions.tls ? tlsBufferHandlers : bufferHandlers });
      return watchPeer(buffered);
    },
    // TLS needs the name: the peer's certificate is for it.
    lookup: nativeOptions.tls ? undefined : lookup,
    localPort: undefined,
    publish: publishSelfConnection,
  };
}
