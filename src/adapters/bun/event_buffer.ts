import { READ_AHEAD_BYTES } from "../../core/adapter.ts";

/** What a Bun socket told before anybody listened: the handler's name, and what it is called with after the socket. */
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
 * Keeps what a Bun socket reports until it is known who wants to hear it. Bun calls handlers whether or not somebody is
 * ready, and what they are told is told once: five milliseconds after `open`, a `reload` has lost the first chunk.
 */
export class Mailbox {
  #events: SocketEvent[] = [];
  #bytes = 0;
  #isPaused = false;
  /** Whether the peer has ended, or the connection is gone; data may still be in the box. */
  isOver = false;
  /** Whether the connection is gone. */
  isClosed = false;
  /** Called after each event. */
  onEvent: () => void = noop;

  put(socket: Bun.Socket<Mailbox>, event: SocketEvent): void {
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

  /** The oldest event, taken out. */
  take(socket: Bun.Socket<Mailbox>): SocketEvent | undefined {
    const event = this.#events.shift();
    if (event?.[0] === "data") this.#bytes -= event[1].length;
    if (this.#isPaused && this.#bytes < READ_AHEAD_BYTES) {
      this.#isPaused = false;
      socket.resume();
    }
    return event;
  }
}

/** The handlers that put everything into the socket's mailbox. Which socket failed to connect is the promise's to tell. */
export const mailboxHandlers: Bun.SocketHandler<Mailbox> = {
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
export const tlsMailboxHandlers: Bun.SocketHandler<Mailbox> = {
  ...mailboxHandlers,
  handshake: (socket, isAuthorized, error) => socket.data.put(socket, ["handshake", isAuthorized, error]),
};

/** See `Adapter.isStable`. */
export function isStable({ data: mailbox }: Bun.Socket<Mailbox>, ms: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      mailbox.onEvent = noop;
      signal?.removeEventListener("abort", settle);
      if (signal?.aborted) reject(signal.reason);
      else resolve(!mailbox.isOver);
    };
    const timer = setTimeout(settle, ms);
    signal?.addEventListener("abort", settle);
    mailbox.onEvent = () => mailbox.isOver && settle();
    if (mailbox.isOver || signal?.aborted) settle();
  });
}
