import { clearTimeout, setTimeout } from "node:timers";
import { HOLDER_ADDRESSES, holderAddress } from "../core/holder_address.ts";
import type { KeptPort, OpenSelf, SelfSocket } from "../core/port_keeper.ts";
import { watchListeners } from "./listener_watch.ts";
import { openWithNodeNet } from "./self_socket.ts";

/** `"listening"`: another socket has the port on every address, so the kernel gives the port to no client either. */
export type HoldState = "held" | "listening";

/** One caller's share in a held port. */
export interface Hold extends KeptPort {
  readonly state: HoldState;
  /** Resolves when this share is released and, if it was the last one, the socket is closed. Safe to call twice. */
  release(): Promise<void>;
}

export interface PortHolderOptions {
  /** @defaultValue `openWithNodeNet` */
  readonly open?: OpenSelf | undefined;
  /** Chooses a host that this process may dial; called before each socket. @defaultValue `the first one` */
  readonly choose?: ((port: number, hostnames: readonly string[]) => string | undefined) | undefined;
  /** Calls back when a listener may have gone. @defaultValue `watchListeners` */
  readonly watch?: ((onChange: () => void) => () => void) | undefined;
}

/** The delay before a port that another socket has is watched: most calls that dial the port end sooner. */
const WATCH_AFTER_MS = 50;

/** How many addresses are tried before the error says that no loopback address can be bound. */
const ADDRESS_TRIES = 8;

/**
 * Hosts for a process that may dial no other address; 0.0.0.0 and :: are loopback to a client. Servers at this address then
 * need SO_REUSEADDR.
 */
const LAST_RESORTS: readonly string[] = ["127.0.0.1", "0.0.0.0", "::1", "::"];

/** The codes of a connect whose local address and port another socket has: of Node and Bun, and of Deno. */
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
  /** Resolves the pending release: when the socket is closed, or when the port has a user again. */
  #onGone: () => void = () => {};
  #stopWatch: (() => void) | undefined;

  constructor(port: number, holder: PortHolder) {
    this.#port = port;
    this.#holder = holder;
    this.#settled = new Promise((resolve, reject) => {
      this.#resolveSettled = resolve;
      this.#rejectSettled = reject;
    });
    // A caller that only releases does not handle the rejection.
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

  /** Resets the socket at once, for the end of the process. */
  reset(): void {
    const socket = this.#socket;
    // Without it `closed` does not open another socket.
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
      // Closed by another program, for example `ss --kill`.
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
    // Another holder of this port may have the only address.
    if (code === "EADDRINUSE" || this.#isSettled || (isCollision && isOnlyAddress)) return this.#waitForListener();
    this.#fail(new Error(isCollision ? "no IPv4 loopback address can be bound" : message, { cause: error }));
  }

  /** Another socket has the port. The port is tried again whenever that socket may have closed. */
  #waitForListener(): void {
    this.#state = "listening";
    this.#settle();
    if (this.#stopWatch !== undefined) return;
    const retry = (): void => {
      if (this.#socket === undefined) this.#open();
    };
    const timer = setTimeout(() => {
      this.#stopWatch = this.#holder.watch(retry);
      // The other socket may have closed before the watch began.
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
      // A socket dropped before it is open would block the next hold.
      if (this.#socket === undefined || this.#isOpen) this.#end();
    });
  }
}

/**
 * Keeps ports from all clients of this network namespace that let the kernel choose: Linux never picks a port that is
 * bound explicitly, on any address (net/ipv4/inet_hashtables.c, __inet_hash_connect). A socket connected to itself, at
 * an address of 127.255.0.0/16, holds the port. It is one descriptor and accepts no connection. Servers can bind and
 * listen beside it, unless they bind every address without SO_REUSEADDR.
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

  /** Holds the port, or shares the existing hold. Binds before it returns if `open` does. */
  hold(port: number): Hold {
    let held = this.#ports.get(port);
    if (held === undefined) {
      // The end of the process closes its sockets normally, which would leave a TIME_WAIT.
      if (this.#ports.size === 0) process.on("exit", this.#onExit);
      held = new HeldPort(port, this);
      this.#ports.set(port, held);
    }
    return held.use();
  }

  /**
   * The host at which to hold the port; undefined when this process may dial it on none. An offset gives another
   * address, if there is more than one.
   */
  hostnameFor(port: number, offset = 0): string | undefined {
    return this.#choose(port, [holderAddress(this.#address + offset), ...LAST_RESORTS]);
  }

  /** Changes the address: a socket of another process or thread has the current one. */
  nextAddress(): void {
    this.#address++;
  }

  /** Removes a port without users. */
  forget(port: number, held: HeldPort): void {
    if (this.#ports.get(port) === held) this.#ports.delete(port);
    if (this.#ports.size === 0) process.off("exit", this.#onExit);
  }
}
