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

/** What the buffer needs of a socket. */
type Pausable = Pick<Bun.Socket, "pause" | "resume">;

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

  put(socket: Pausable, event: SocketEvent): void {
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
  take(socket: Pausable): SocketEvent | undefined {
    const event = this.#events.shift();
    if (event?.[0] === "data") this.#bytes -= event[1].length;
    if (this.#isPaused && this.#bytes < READ_AHEAD_BYTES) {
      this.#isPaused = false;
      socket.resume();
    }
    return event;
  }

  /**
   * Removes the events of a closed socket, and returns those that Bun still delivers: all if the peer reset the
   * connection, which alone gives `close` an error; else only how the socket was closed.
   */
  takeClosing(): SocketEvent[] {
    this.#bytes = 0;
    const events = this.#events.splice(0);
    const isReset = events.some(([name, error]) => name === "close" && error !== undefined);
    return isReset ? events : events.filter(([name]) => name === "error" || name === "close");
  }
}

/**
 * The handlers that put every event of a socket into its buffer. A failed connect is reported by the promise instead. A
 * `handshake` handler changes when Bun calls `open`, so only TLS sockets get one.
 */
export function handlersInto<Data>(
  bufferOf: (socket: Bun.Socket<Data>) => EventBuffer,
  isTls: boolean,
): Bun.SocketHandler<Data> {
  const put = (socket: Bun.Socket<Data>, ...event: SocketEvent): void => bufferOf(socket).put(socket, event);
  const handlers: Bun.SocketHandler<Data> = {
    binaryType: "uint8array",
    open() {},
    data: (socket, chunk) => put(socket, "data", chunk),
    drain: (socket) => put(socket, "drain"),
    timeout: (socket) => put(socket, "timeout"),
    end: (socket) => put(socket, "end"),
    error: (socket, error) => put(socket, "error", error),
    close: (socket, error) => put(socket, "close", error),
  };
  if (isTls) handlers.handshake = (socket, isAuthorized, error) => put(socket, "handshake", isAuthorized, error);
  return handlers;
}

const ownBuffer = ({ data }: Bun.Socket<EventBuffer>): EventBuffer => data;
/** For sockets whose `data` is their buffer. */
export const bufferHandlers: Bun.SocketHandler<EventBuffer> = handlersInto(ownBuffer, false);
export const tlsBufferHandlers: Bun.SocketHandler<EventBuffer> = handlersInto(ownBuffer, true);

/** See `Adapter.watchPeer`. */
export function watchPeer({ data: buffer }: Bun.Socket<EventBuffer>): PeerWatch {
  const hungUp = new Promise<void>((resolve) => {
    buffer.onEvent = () => buffer.isOver && resolve();
    buffer.onEvent();
  });
  return { hungUp, stop: () => buffer.onEvent = noop };
}
