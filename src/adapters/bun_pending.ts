import type { Mailbox } from "./bun/event_buffer.ts";

type MailboxSocket = Bun.Socket<Mailbox>;

let underWay = 0;

/** Whether a connect that may be given up has not been answered yet, given up or not. */
export function isConnectUnderWay(): boolean {
  return underWay > 0;
}

/**
 * Bun.connect knows no signal and its pending connect cannot be cancelled, nor does it let the process end: it is
 * abandoned, and reset in case it succeeds after all.
 */
export function openUntilAborted(pending: Promise<MailboxSocket>, signal: AbortSignal): Promise<MailboxSocket> {
  underWay++;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason);
      pending.then((socket) => socket.terminate(), () => {});
    };
    signal.addEventListener("abort", onAbort);
    pending.then(resolve, reject).finally(() => {
      underWay--;
      signal.removeEventListener("abort", onAbort);
    });
  });
}
