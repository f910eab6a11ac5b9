import type { Protocol } from "../fixtures/servers.ts";

/** How a client is protected: not at all, by the hook it has, or by `register`, loaded before the program. */
export type Guard = "none" | "hook" | "register";

/** A client that was made and may be connected. */
export interface Session {
  /** Asks the server something small, again and again the same; on a connection of its own where the client has no reconnect. */
  ask(): Promise<unknown>;
  close(): unknown;
}

/** An npm client, as its users set it up. Its package is loaded when it is opened: a program uses one client. */
export interface Client {
  readonly server: Protocol;
  /** What the real server answers. */
  readonly answer: unknown;
  readonly hasHook: boolean;
  /** Reports what the client reports outside of its answers: its 'error' events. */
  open(port: number, guard: Guard, onError: (error: unknown) => void): Session | Promise<Session>;
}

/** Where all the servers are. */
export const HOST = "127.0.0.1";
