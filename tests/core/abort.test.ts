import { describe, expect, test } from "vitest";
import { onAbort } from "../../src/core/abort.ts";

/** A signal that counts its listeners. */
function countingSignal(): { signal: AbortSignal; abort: () => void; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  return { signal, abort: () => controller.abort(), listeners: () => listeners };
}

describe("onAbort()", () => {
  test("needs one listener for any number of calls, and none after the last", () => {
    const { signal, abort, listeners } = countingSignal();
    const called: number[] = [];
    const stops = Array.from({ length: 30 }, (_, call) => onAbort(signal, () => called.push(call)));
    expect(listeners()).toBe(1);
    for (const stop of stops.slice(2)) stop();
    expect(listeners()).toBe(1);
    abort();
    expect(called).toEqual([0, 1]);
    for (const stop of stops) stop();
    expect(listeners()).toBe(0);
    onAbort(signal, () => {})();
    expect(listeners()).toBe(0);
  });

  test("adds no second listener to a signal that cannot remove the first", () => {
    const { signal, abort, listeners } = countingSignal();
    Object.defineProperty(signal, "removeEventListener", { value: undefined });
    let calls = 0;
    onAbort(signal, () => calls++)();
    onAbort(signal, () => calls++);
    expect(listeners()).toBe(1);
    abort();
    expect(calls).toBe(1);
  });
});
