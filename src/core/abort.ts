/** The pending calls that one signal aborts. */
interface Listening {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

function listenTo(signal: AbortSignal): Listening {
  const calls = new Set<() => void>();
  const listener = (): void => calls.forEach((call) => call());
  signal.addEventListener("abort", listener);
  return { calls, listener };
}

/**
 * Calls back when the signal aborts. Returns a function that ends this. All calls with one signal share a listener:
 * Node reports more than ten listeners of a signal as a memory leak (MaxListenersExceededWarning).
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const shared = listening.get(signal) ?? listenTo(signal);
  listening.set(signal, shared);
  shared.calls.add(callback);
  return () => {
    if (!shared.calls.delete(callback) || shared.calls.size > 0) return;
    // A signal of another implementation may lack this method: then the listener stays for later calls.
    if (typeof signal.removeEventListener !== "function") return;
    signal.removeEventListener("abort", shared.listener);
    listening.delete(signal);
  };
}
