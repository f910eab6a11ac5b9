import type { EventBuffer, SocketEvent } from "./event_buffer.ts";

/** The same bytes in the form that the handlers' `binaryType` asks for. */
function asBinaryType(chunk: Uint8Array, binaryType: Bun.BinaryType | undefined): Buffer {
  if (binaryType === "uint8array" || binaryType === "arraybuffer") {
    const bytes: Uint8Array | ArrayBufferLike = binaryType === "uint8array" ? chunk : chunk.slice().buffer;
    // Bun's own types give `data` a Buffer for every `binaryType`.
    return bytes as Buffer;
  }
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
}

/** Sets the data of a socket; the same object has another type from now on. */
export function withData<Data>(socket: Bun.Socket<unknown>, data: Data): Bun.Socket<Data> {
  return Object.assign(socket, { data });
}

type Call = () => void | Promise<void> | undefined;

/** Runs a handler as Bun does: if it throws or rejects, the `error` handler is called. */
function runHandler<Data>(socket: Bun.Socket<Data>, handlers: Bun.SocketHandler<Data>, call: Call): void {
  const onError = (error: Error): void => {
    if (handlers.error === undefined) throw error;
    handlers.error(socket, error);
  };
  try {
    call()?.catch(onError);
  } catch (error) {
    onError(error as Error);
  }
}

/** Calls the `open` handler as Bun does; if it throws, the socket is closed. */
export function callOpen<Data>(socket: Bun.Socket<Data>, handlers: Bun.SocketHandler<Data>): void {
  let isDone = false;
  try {
    runHandler(socket, handlers, () => {
      const result = handlers.open?.(socket);
      isDone = true;
      return result;
    });
  } finally {
    if (!isDone) socket.terminate();
  }
}

/**
 * Attaches the user's handlers to a proved socket: they get the buffered events first, and all later ones from Bun
 * itself. Both happen in one turn of the event loop, so no event is lost in between.
 */
export function attachHandlers<Data>(
  bufferedSocket: Bun.Socket<EventBuffer>,
  handlers: Bun.SocketHandler<Data>,
  data: Data,
  isTls: boolean,
): Bun.Socket<Data> {
  const buffer = bufferedSocket.data;
  const events: SocketEvent[] = [];
  for (let event = buffer.take(bufferedSocket); event !== undefined; event = buffer.take(bufferedSocket)) {
    events.push(event);
  }
  const socket = withData(bufferedSocket, data);
  socket.reload({ socket: handlers });

  const run = (call: Call): void => runHandler(socket, handlers, call);
  const open = (): void => callOpen(socket, handlers);
  // Without a `handshake` handler Bun calls a TLS socket's `open` once the handshake is done.
  const opensAfterHandshake = isTls && handlers.handshake === undefined;
  if (!opensAfterHandshake) open();
  for (const [name, detail, more] of events) {
    if (name === "data") run(() => handlers.data?.(socket, asBinaryType(detail, handlers.binaryType)));
    else if (name === "handshake" && opensAfterHandshake) open();
    else if (name === "handshake") run(() => handlers.handshake?.(socket, detail, more));
    else if (name === "error") run(() => handlers.error?.(socket, detail));
    else if (name === "close") run(() => handlers.close?.(socket, detail));
    else run(() => handlers[name]?.(socket));
  }
  return socket;
}
