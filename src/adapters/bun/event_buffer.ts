import { type PeerWatch, READ_AHEAD_BYTES } from "../../core/attempt.ts";

/** An undelivered event of a Bun socket: the handler's name, and its arguments after the socket. */
export type SocketEvent =
  | ["data", Uint8Array]
  | ["drain"]
  | ["timeout"]
  | ["handshake", boolean, Error | null]
  | ["end"]
  | ["error", Error]
  | ["close", Error | undefined];

const noop = (): void => {};

/**
 * Keeps the events of a Bun socket until the user's handlers are attached. Bun does not repeat an event for handlers
 * that are set later: a `reload` a few milliseconds after `open` loses the first chunk.
 */
export class EventBuffer {
  #events: SocketEvent[] = [];
  #bytes = 0;
  #isPaused = false;
  /** Whether the peer has ended, or the connection is gone; data may still be buffered. */
  isOver = false;
  /** Whether the connection is gone. */
  isClosed = false;
  /** Called after each event. */
  onEvent: () => void = noop;

  put(socket: Bun.Socket<EventBuffer>, event: SocketEvent): void {
    const [name, detail] = event;
    this.#events.push(event);
    if (name === "close") this.isClosed = true;
    if (name === "end" || name === "close") this.isOver = true;
    if (name === "data") {
      this.#bytes += detail.length;
      if (this.#bytes >= READ_AHEAD_BYTES && !this.#isPaused) {
        this.#isPaused = true;
        socket.pause();
      }
    }
    this.onEvent();
  }

  /** Removes and returns the oldest event. */
  take(socket: Bun.Socket<EventBuffer>): SocketEvent | undefined {
    const event = this.#events.shift();
    if (event?.[0] === "data") this.#bytes -= event[1].length;
    if (this.#isPaused && this.#bytes < READ_AHEAD_BYTES) {
      this.#isPaused = false;
      socket.resume();
    }
    return event;
  }
}

/** The handlers that put every event into the socket's buffer. A failed connect is reported by the promise instead. */
export const bufferHandlers: Bun.SocketHandler<EventBuffer> = {
  binaryType: "uint8array",
  open() {},
  data: (socket, chunk) => socket.data.put(socket, ["data", chunk]),
  drain: (socket) => socket.data.put(socket, ["drain"]),
  timeout: (socket) => socket.data.put(socket, ["timeout"]),
  end: (socket) => socket.data.put(socket, ["end"]),
  error: (socket, error) => socket.data.put(socket, ["error", error]),
  close: (socket, error) => socket.data.put(socket, ["close", error]),
};

/** A `handshake` handler changes when Bun calls `open`, so only TLS sockets get one. */
export const tlsBufferHandlers: Bun.SocketHandler<EventBuffer> = {
  ...bufferHandlers,
  handshake: (socket, isAuthorized, error) => socket.data.put(socket, ["handshake", isAuthorized, error]),
};

/** See `Adapter.watchPeer`. */
export function watchPeer({ data: buffer }: Bun.Socket<EventBuffer>): PeerWatch {
  const hungUp = new Promise<void>((resolve) => {
    buffer.onEvent = () => buffer.isOver && resolve();
    buffer.onEvent();
  });
  return { hungUp, stop: () => buffer.onEvent = noop };
}
