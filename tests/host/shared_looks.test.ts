import { describe, expect, test } from "vitest";
import { type LookClock, SharedLooks } from "../../src/host/shared_looks.ts";

/** A clock with intervals, moved by hand. */
class ManualClock implements LookClock {
  intervals: { ms: number; next: number; callback: () => void }[] = [];
  started = 0;
  #now = 0;

  now(): number {
    return this.#now;
  }

  setInterval(callback: () => void, ms: number): unknown {
    const interval = { ms, next: this.#now + ms, callback };
    this.intervals.push(interval);
    this.started++;
    return interval;
  }

  clearInterval(timer: unknown): void {
    this.intervals = this.intervals.filter((other) => other !== timer);
  }

  passUntil(end: number): void {
    while (true) {
      const [first] = this.intervals.toSorted((a, b) => a.next - b.next);
      if (first === undefined || first.next > end) break;
      this.#now = first.next;
      first.next += first.ms;
      first.callback();
    }
    this.#now = end;
  }
}

interface Scene {
  readonly clock: ManualClock;
  readonly looks: SharedLooks;
  /** When the looks were made. */
  readonly lookedAt: number[];
  /** What the next look finds. */
  change: boolean | Error;
}

function scene(): Scene {
  const clock = new ManualClock();
  const lookedAt: number[] = [];
  const made: Scene = {
    clock,
    lookedAt,
    change: false,
    looks: new SharedLooks(() => {
      lookedAt.push(clock.now());
      const { change } = made;
      made.change = false;
      if (change instanceof Error) throw change;
      return change;
    }, clock),
  };
  return made;
}

describe("SharedLooks", () => {
  test("looks often in the first second, then in proportion to the time waited, at most 100 ms apart", () => {
    const { clock, looks, lookedAt } = scene();
    looks.newHint().watch(() => {});
    clock.passUntil(60_000);
    const gapAt = (at: number): number => {
      const index = lookedAt.findIndex((time) => time >= at);
      return lookedAt[index + 1]! - lookedAt[index]!;
    };
    expect([100, 500, 990, 2000, 4000, 20_000, 59_000].map(gapAt)).toEqual([3, 3, 3, 21, 61, 100, 100]);
    expect(clock.started, "timers").toBeLessThanOrEqual(97);
  });

  test("serves all waits with one timer, as often as the youngest needs it", () => {
    const { clock, looks, lookedAt } = scene();
    looks.newHint().watch(() => {});
    clock.passUntil(30_000);
    const stops = Array.from({ length: 1000 }, () => looks.newHint().watch(() => {}));
    expect(clock.intervals).toMatchObject([{ ms: 3 }]);
    lookedAt.length = 0;
    clock.passUntil(30_100);
    expect(lookedAt.length).toBe(33);
    for (const stop of stops) stop();
    expect(clock.intervals.length).toBe(1);
  });

  test("stops when nothing is watched", () => {
    const { clock, looks, lookedAt } = scene();
    const hint = looks.newHint();
    hint.watch(() => {})();
    hint.watch(() => {});
    hint.stop();
    expect(clock.intervals).toEqual([]);
    clock.passUntil(1000);
    expect(lookedAt).toEqual([0, 0, 0]);
  });

  test("looks again for a wait that pauses again, as often as the time that this wait has lasted needs it", () => {
    const { clock, looks } = scene();
    const [long, short] = [looks.newHint(), looks.newHint()];
    short.watch(() => {})();
    short.watch(() => {});
    expect(clock.intervals).toMatchObject([{ ms: 3 }]);
    short.stop();
    clock.passUntil(30_000);
    looks.newHint().watch(() => {})();
    long.watch(() => {});
    expect(clock.intervals).toMatchObject([{ ms: 100 }]);
  });

  test("tells each wait of a change once", () => {
    const made = scene();
    const told = [0, 0];
    const hints = told.map(() => made.looks.newHint());
    hints.forEach((hint, index) => hint.watch(() => void told[index]!++));
    made.change = true;
    made.clock.passUntil(100);
    expect(told).toEqual([1, 1]);
  });

  test("tells of a change that came while the wait dialed", () => {
    const made = scene();
    let told = 0;
    const hint = made.looks.newHint();
    hint.watch(() => {})();
    made.change = true;
    made.clock.passUntil(20);
    hint.watch(() => void told++);
    expect(told).toBe(1);
  });

  test("takes a look that fails for a change", () => {
    const made = scene();
    let told = 0;
    made.looks.newHint().watch(() => void told++);
    made.change = new Error("EBADF");
    made.clock.passUntil(3);
    expect(told).toBe(1);
  });
});
