import { onAbort } from "./abort.ts";
import { after } from "./clock.ts";

/** Resolves after `ms`; rejects with `signal.reason`. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const cancel = after(ms, () => {
      stopListening?.();
      resolve();
    });
    const stopListening = signal && onAbort(signal, () => {
      stopListening?.();
      cancel();
      reject(signal.reason);
    });
  });
}
