import { asBinaryType, callOpen, opensAfterHandshake, throws, withData } from "./attach_handlers.ts";
import { type EventBuffer, handlersInto, type SocketEvent } from "./event_buffer.ts";

const REPLACED = ["pause", "resume", "reload"] as const;
type Replaced<Data> = Pick<Bun.Socket<Data>, (typeof REPLACED)[number]>;

/**
 * Gives the user's handlers the buffered events of a socket, then attaches them to it. Meanwhile the handlers may pause,
 * close or reload the socket, as in Bun's own calls: until the last buffered event is delivered, later events wait behind
 * it, and three methods of that one socket are replaced.
 */
class Replay<Data> {
  readonly #socket: Bun.Socket<Data>;
  readonly #buffer: EventBuffer;
  readonly #opensLate: boolean;
  readonly #native: Replaced<Data>;
  #handlers: Bun.SocketHandler<Data>;
  #isPaused = false;
  #isRunning = false;
  #isOver = false;

  constructor(socket: Bun.Socket<Data>, buffer: EventBuffer, handlers: Bun.SocketHandler<Data>, isTls: boolean) {
    this.#socket = socket;
    this.#buffer = buffer;
    this.#handlers = handlers;
    this.#opensLate = opensAfterHandshake(handlers, isTls);
    const { pause, resume, reload } = socket;
    this.#native = { pause: pause.bind(socket), resume: resume.bind(socket), reload: reload.bind(socket) };
    const waiting = handlersInto<Data>(() => buffer, isTls);
    this.#native.reload({ socket: waiting });
    const methods: Replaced<Data> = {
      pause: () => {
        this.#isPaused = true;
        this.#native.pause();
      },
      resume: () => {
        this.#isPaused = false;
        this.#native.resume();
        // As with Bun, no handler is called inside resume().
        queueMicrotask(() => this.run());
      },
      reload: (options) => {
        // Throws for what are no handlers.
        this.#native.reload(options);
        this.#handlers = options.socket;
        this.#native.reload({ socket: waiting });
      },
    };
    for (const name of REPLACED) Object.defineProperty(socket, name, { configurable: true, value: methods[name] });
  }

  start(): void {
    // What closes the socket from now on ends the replay, too, even a paused one.
    const wasClosed = this.#buffer.isClosed;
    this.#buffer.onEvent = () => !wasClosed && this.#buffer.isClosed && this.#close();
    this.#isRunning = true;
    if (!this.#opensLate && !callOpen(this.#socket, this.#handlers)) this.#close();
    this.#isRunning = false;
    this.run();
  }

  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (!this.#isPaused && !this.#isOver) {
      const event = this.#buffer.take(this.#native);
      if (event === undefined) this.#end();
      else this.#deliver(event);
    }
    this.#isRunning = false;
  }

  #deliver([name, ...details]: SocketEvent): void {
    const handlers = this.#handlers;
    if (name === "handshake" && this.#opensLate) {
      if (!callOpen(this.#socket, handlers)) this.#close();
    } else if (name === "data") {
      throws(this.#socket, handlers, name, asBinaryType(details[0] as Uint8Array, handlers.binaryType));
    } else {
      throws(this.#socket, handlers, name, ...details);
    }
  }

  #close(): void {
    if (this.#isOver) return;
    const events = this.#buffer.takeClosing();
    this.#end();
    for (const event of events) this.#deliver(event);
  }

  /** Later events go to the user's handlers. */
  #end(): void {
    this.#isOver = true;
    for (const name of REPLACED) Reflect.deleteProperty(this.#socket, name);
    this.#socket.reload({ socket: this.#handlers });
  }
}

/** Attaches the user's handlers to a proved socket: they get the buffered events first, and all later ones in order. */
export function attachHandlers<Data>(
  bufferedSocket: Bun.Socket<EventBuffer>,
  handlers: Bun.SocketHandler<Data>,
  data: Data,
  isTls: boolean,
): Bun.Socket<Data> {
  const buffer = bufferedSocket.data;
  const socket = withData(bufferedSocket, data);
  new Replay(socket, buffer, handlers, isTls).start();
  return socket;
}
