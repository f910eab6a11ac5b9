import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { awaitPeer } from "../../src/api/linger.ts";

/** How many bytes arrive in each tick of 25 ms. */
type Arrivals = (tick: number) => number;

describe("the wait for the peer's end", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** When the wait ends, in milliseconds. */
  async function end(written: number, arrivals: Arrivals): Promise<number> {
    let received = 1000;
    let isDone = false;
    void awaitPeer(written, () => received).done.then(() => isDone = true);
    let ms = 0;
    for (; !isDone && ms < 60_000; ms += 25) {
      received += arrivals(ms / 25);
      await vi.advanceTimersByTimeAsync(25);
    }
    expect(vi.getTimerCount(), "timers left").toBe(0);
    return ms;
  }

  const cases: readonly [what: string, written: number, arrivals: Arrivals, ms: number][] = [
    ["0.1 s after a few bytes were written", 65_536, () => 0, 100],
    ["1 s after many were written", 65_537, () => 0, 1000],
    ["0.1 s after the last bytes have arrived", 10, (tick) => tick < 10 ? 1 : 0, 350],
    ["0.1 s after the last of several pauses", 10, (tick) => tick < 10 && tick % 3 === 0 ? 1 : 0, 350],
    ["after 10 s while bytes arrive", 10, () => 1, 10_000],
    ["at once when more arrives than an echo would have", 10, () => (1 << 20) + 11, 25],
    ["not yet when as much arrives as an echo may have", 10, (tick) => tick === 0 ? (1 << 20) + 10 : 0, 125],
  ];
  for (const [what, written, arrivals, ms] of cases) {
    test(`is over ${what}`, async () => expect(await end(written, arrivals)).toBe(ms));
  }

  test("is over when it is stopped, and leaves no timer", async () => {
    const { stop, done } = awaitPeer(10, () => 0);
    stop();
    await done;
    expect(vi.getTimerCount()).toBe(0);
  });
});
