import type { Server } from "../host/start_server.ts";
import { poll } from "./poll.ts";

/** The pause between two searches for the processes of a server that has become a daemon. */
const TREE_POLL_MS = 250;

/** Whether a server runs: its shell, or a daemon that the shell has left. */
export class ServerLife {
  /** The exit status of the shell, once it has ended. */
  status = 0;
  /** Aborts when the last process of the server has ended. */
  readonly over: AbortSignal;
  readonly endWatch: () => void;
  readonly #server: Server;
  #hasShellEnded = false;

  constructor(server: Server) {
    this.#server = server;
    const over = new AbortController();
    this.over = over.signal;
    void server.ended.then((status) => {
      this.status = status;
      this.#hasShellEnded = true;
    });
    this.endWatch = this.watch(() => over.abort());
  }

  isOver(): boolean {
    return this.#hasShellEnded && this.#server.tree.members().length === 0;
  }

  /** Calls back when the last process has ended. The returned function cancels that. */
  watch(onOver: () => void): () => void {
    let cancel = (): void => {};
    let isCancelled = false;
    void this.#server.ended.then(() => {
      if (isCancelled) return;
      cancel = poll(TREE_POLL_MS, () => {
        const isOver = this.isOver();
        if (isOver) onOver();
        return isOver;
      });
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }
}
