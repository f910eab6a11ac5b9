import type { Wire } from "../core/adapter.ts";
import type { Mailbox } from "./bun_mailbox.ts";

/** A Bun socket, opened half-open, as the byte pipe of the portable API. */
export function wire(socket: Bun.Socket<Mailbox>): Wire {
  const mailbox = socket.data;
  let failure: Error | undefined;
  let wakeReader = (): void => {};
  let wakeWriter = (): void => {};
  mailbox.onEvent = () => {
    wakeReader();
    wakeWriter();
  };

  return {
    async read() {
      while (true) {
        const event = mailbox.take(socket);
        if (event === undefined) {
          if (failure) throw failure;
          if (mailbox.isOver) return null;
          await new Promise<void>((resolve) => wakeReader = resolve);
        } else if (event[0] === "data") {
          return event[1];
        } else if (event[0] === "error" || event[0] === "close") {
          failure ??= event[1];
        }
      }
    },
    async write(chunk) {
      for (let sent = 0; sent < chunk.length;) {
        const length = mailbox.isClosed ? -1 : socket.write(chunk, sent, chunk.length - sent);
        if (length < 0) {
          throw Object.assign(new Error("Cannot write: the connection is closed"), { code: "EPIPE", syscall: "write" });
        }
        sent += length;
        // Every event wakes: the next write tells whether there is room.
        if (sent < chunk.length) await new Promise<void>((resolve) => wakeWriter = resolve);
      }
    },
    closeWrite() {
      socket.shutdown();
      return Promise.resolve();
    },
    close() {
      socket.end();
      return Promise.resolve();
    },
    reset: () => socket.terminate(),
  };
}
