import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import { HOLDER_ADDRESSES, holderAddress } from "../core/holder_address.ts";
import { watchListeners } from "./listener_watch.ts";
import { type OpenSelf, openWithNodeNet, type SelfSocket } from "./self_socket.ts";

/** `"listening"`: another socket has the port on every address, so the kernel gives it to no client either. */
export type HoldState = "held" | "listening";

/** One caller's share in a port that is held. */
export interface Hold {
  readonly state: HoldState;
  /** Resolves as soon as no client can be given the port; rejects when the port cannot be held. */
  readonly settled: Promise<void>;
  /** Resolves when this share is gone and, if it was the last one, the socket too. Safe to call twice. */
  release(): Promise<void>;
}

export interface PortHolderOptions {
  /** @defaultValue `openWithNodeNet` */
  readonly open?: OpenSelf | undefined;
  /** Which of these this process may dial on the port; asked before each socket. @defaultValue `the first one` */
  readonly choose?: ((port: number, hostnames: readonly string[]) => string | undefined) | undefined;
  /** Calls back when a listener may have gone. @defaultValue `watchListeners` */
  readonly watch?: ((onChange: () => void) => () => void) | undefined;
}

/** How long another socket may have the port before it is watched: most calls that dial the port are over by then. */
const WATCH_AFTER_MS = 50;

/** How many addresses are tried before the loopback interface is to blame. */
const ADDRESS_TRIES = 8;

/** Where a process that may dial nothing else holds a port. Servers that bind this address need SO_REUSEADDR then. */
const LAST_RESORTS: readonly string[] = ["127.0.0.1", "localhost"];

/** The code of a connect whose local address and port another socket has: on Node and Bun, and on Deno. */
const COLLISION_CODES: readonly unknown[] = ["EADDRNOTAVAIL", "EINVAL"];

/** One port of this thread, from its first user to its last. */
class HeldPort {
  readonly #port: number;
  readonly #holder: PortHolder;
  #users = 0;
  #state: HoldState = "held";
  /** The socket that is being opened, or holds the port. */
  #socket: SelfSocket | undefined;
  #isOpen = false;
  #isSettled = false;
  readonly #settled: Promise<void>;
  #resolveSettled!: () => void;
  #rejectSettled!: (error: unknown) => void;
  /** Called when the last user is gone and the socket closed, or when there is a user again. */
  #onGone: () => void = () => {};
  #stopWatch: (() => void) | undefined;

  constructor(port: number, holder: PortHolder) {
    this.#port = port;
    this.#holder = holder;
    this.#settled = new Promise((resolve, reject) => {
      this.#resolveSettled = resolve;
      this.#rejectSettled = reject;
    });
    // A caller that only releases does not look at it.
    this.#settled.catch(() => {});
  }

  use(): Hold {
    this.#users++;
    this.#onGone();
    if (this.#users === 1 && this.#socket === undefined) this.#open();
    const state = (): HoldState => this.#state;
    let released: Promise<void> | undefined;
    return {
      get state(): HoldState {
        return state();
      },
      settled: this.#settled,
      release: () => released ??= this.#release(),
    };
  }

  /** At once, for the end of the process. */
  reset(): void {
    const socket = this.#isOpen ? this.#socket : undefined;
    // It is not to be opened again.
    this.#socket = undefined;
    socket?.reset();
  }

  #settle(): void {
    this.#isSettled = true;
    this.#resolveSettled();
  }

  #open(tries = 0): void {
    const hostname = this.#holder.hostnameFor(this.#port);
    if (hostname === undefined) return this.#fail(new Error("this process may not dial it on a loopback address"));
    const socket = this.#holder.open(hostname, this.#port);
    this.#socket = socket;
    const isOnly = LAST_RESORTS.includes(hostname);
    socket.opened.then(() => this.#onOpen(socket), (error) => this.#onError(error, isOnly, tries));
  }

  #onOpen(socket: SelfSocket): void {
    this.#isOpen = true;
    this.#state = "held";
    this.#endWatch();
    void socket.closed.then(() => {
      if (this.#socket !== socket) return;
      // Not by us: by `ss --kill`, for example.
      this.#socket = undefined;
      this.#isOpen = false;
      this.#open();
    });
    this.#settle();
    if (this.#users === 0) this.#end();
  }

  #onError(error: unknown, isOnlyAddress: boolean, tries: number): void {
    this.#socket = undefined;
    if (this.#users === 0) return this.#end();
    const { code, message } = error as { code?: unknown; message?: string };
    const isCollision = COLLISION_CODES.includes(code);
    if (isCollision && !isOnlyAddress && tries + 1 < ADDRESS_TRIES) {
      this.#holder.nextAddress();
      return this.#open(tries + 1);
    }
    // Another holder of this port may have the only address there is.
    if (code === "EADDRINUSE" || this.#isSettled || (isCollision && isOnlyAddress)) return this.#waitForListener();
    this.#fail(new Error(isCollision ? "no IPv4 loopback address can be bound" : message, { cause: error }));
  }

  /** Another socket has the port. Whenever that may have changed, the port is tried again. */
  #waitForListener(): void {
    this.#state = "listening";
    this.#settle();
    if (this.#stopWatch !== undefined) return;
    const retry = (): void => {
      if (this.#socket === undefined) this.#open();
    };
    const timer = setTimeout(() => {
      this.#stopWatch = this.#holder.watch(retry);
      // It may have gone before the watch began.
      retry();
    }, WATCH_AFTER_MS);
    timer.unref();
    this.#stopWatch = () => clearTimeout(timer);
  }

  #fail({ message, cause }: Error): void {
    this.#rejectSettled(new Error(`Cannot hold port ${this.#port}: ${message}`, { cause }));
    this.#end();
  }

  #endWatch(): void {
    this.#stopWatch?.();
    this.#stopWatch = undefined;
  }

  #end(): void {
    this.#endWatch();
    this.#settle();
    this.#holder.forget(this.#port, this);
    const socket = this.#isOpen ? this.#socket : undefined;
    this.#socket = undefined;
    this.#isOpen = false;
    if (socket === undefined) return this.#onGone();
    void socket.closed.then(() => this.#onGone());
    socket.reset();
  }

  #release(): Promise<void> {
    if (--this.#users > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onGone = resolve;
      // A socket that is dropped before it is open would be in the way of the next hold.
      if (this.#socket === undefined || this.#isOpen) this.#end();
    });
  }
}

/**
 * Keeps ports from being given to any client of this network namespace that lets the kernel choose: Linux never picks a
 * port that is bound explicitly, on any address (net/ipv4/inet_hashtables.c, __inet_hash_connect). What holds it is a
 * socket connected to itself, at an address of 127.255.0.0/16: one descriptor, which accepts no connection, and beside which
 * servers can bind and listen, unless they bind every address without SO_REUSEADDR.
 */
export class PortHolder {
  /** See `PortHolderOptions.open`. */
  readonly open: OpenSelf;
  /** See `PortHolderOptions.watch`. */
  readonly watch: (onChange: () => void) => () => void;
  readonly #choose: NonNullable<PortHolderOptions["choose"]>;
  readonly #ports = new Map<number, HeldPort>();
  #address = Math.floor(Math.random() * HOLDER_ADDRESSES);
  readonly #onExit = (): void => {
    for (const held of this.#ports.values()) held.reset();
  };

  constructor({ open = openWithNodeNet, choose, watch = watchListeners }: PortHolderOptions = {}) {
    this.open = open;
    this.watch = watch;
    this.#choose = choose ?? ((_port, [own]) => own);
  }

  /** Holds the port, or shares the hold that exists. It binds before it returns if `open` does. */
  hold(port: number): Hold {
    let held = this.#ports.get(port);
    if (held === undefined) {
      // A process that ends closes its sockets normally, which would leave a TIME_WAIT.
      if (this.#ports.size === 0) process.on("exit", this.#onExit);
      held = new HeldPort(port, this);
      this.#ports.set(port, held);
    }
    return held.use();
  }

  /**
   * Where to hold the port; undefined when this process may dial it nowhere. With an offset it is another address where
   * there is more than one.
   */
  hostnameFor(port: number, offset = 0): string | undefined {
    return this.#choose(port, [holderAddress(this.#address + offset), ...LAST_RESORTS]);
  }

  /** From now on another address: a socket of another process or thread has this one. */
  nextAddress(): void {
    this.#address++;
  }

  /** The port has no more users. */
  forget(port: number, held: HeldPort): void {
    if (this.#ports.get(port) === held) this.#ports.delete(port);
    if (this.#ports.size === 0) process.off("exit", this.#onExit);
  }
}
