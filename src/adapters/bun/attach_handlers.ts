/** The same bytes in the form that the handlers' `binaryType` asks for. */
export function asBinaryType(chunk: Uint8Array, binaryType: Bun.BinaryType | undefined): Buffer {
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

/**
 * A copy of the handlers. A spread would leave out the methods of a class instance, which Bun calls too.
 */
export function ownHandlers<Data>(handlers: Bun.SocketHandler<Data>): Bun.SocketHandler<Data> {
  const own: Bun.SocketHandler<Data> = {};
  for (let from: object = handlers; from !== null && from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const name of Object.getOwnPropertyNames(from)) {
      if (name !== "constructor") Reflect.set(own, name, Reflect.get(handlers, name));
    }
  }
  return own;
}

/** Whether Bun calls the `open` handler of a socket after the TLS handshake: without a `handshake` handler it does. */
export function opensAfterHandshake<Data>(handlers: Bun.SocketHandler<Data>, isTls: boolean): boolean {
  return isTls && (handlers.handshake ?? undefined) === undefined;
}

/**
 * Calls a handler as Bun does: the `error` handler gets what it throws; without an `error` handler, that is uncaught.
 * Returns whether the handler threw.
 */
export function throws(socket: object, handlers: object, name: string, ...args: readonly unknown[]): boolean {
  const { [name]: handler, error: onError } = handlers as Record<string, ((...args: unknown[]) => unknown) | undefined>;
  try {
    handler?.call(socket, socket, ...args);
    return false;
  } catch (error) {
    if (onError === undefined || onError === null) {
      queueMicrotask(() => {
        throw error;
      });
    } else onError.call(socket, socket, error);
    return true;
  }
}

/** Calls the `open` handler as Bun does: if it throws, the socket is closed. Returns whether the socket is open. */
export function callOpen<Data>(socket: Bun.Socket<Data>, handlers: Bun.SocketHandler<Data>): boolean {
  if (!throws(socket, handlers, "open")) return true;
  socket.terminate();
  return false;
}
