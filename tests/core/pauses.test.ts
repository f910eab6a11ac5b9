import { describe, expect, test } from "vitest";
import { dial, type DialContext } from "../../src/core/dial.ts";
import { ConnectTimeoutError } from "../../src/core/errors.ts";
import { type ConnectOptions, resolveOptions } from "../../src/core/options.ts";
import { codeError, FakeAdapter, FakeClock, type Script } from "../fixtures/fake_adapter.ts";
import { FakeHint, lyingHints } from "../fixtures/fake_hints.ts";

const HOSTNAME = "127.0.0.1";
const refusal = codeError("ECONNREFUSED");

interface Situation {
  readonly openHint?: DialContext["openHint"];
  /** When there is a server, in milliseconds. */
  readonly listensAt?: number;
  /** What a dial comes to before. */
  readonly before?: Script;
  /** When the hint is to call back. */
  readonly changesAt?: readonly number[];
  readonly options?: Partial<ConnectOptions>;
}

interface Waited {
  readonly attempts: number;
  readonly elapsed: number;
  readonly delays: readonly number[];
  readonly error: unknown;
}

async function wait(
  { openHint, listensAt = Infinity, before = refusal, changesAt = [], options }: Situation,
  hint?: FakeHint,
): Promise<Waited> {
  const clock = new FakeClock();
  const adapter = new FakeAdapter(before);
  const { open } = adapter;
  adapter.open = (target) => {
    if (clock.now() >= listensAt) adapter.byHostname.set(HOSTNAME, ["real"]);
    return open.call(adapter, target);
  };
  for (const at of changesAt) clock.setTimeout(() => hint?.change(), at);
  const delays: number[] = [];
  const counts = { attempts: 0, selfConnects: 0, lastError: undefined };
  const resolved = resolveOptions({
    ...{ hostname: HOSTNAME, port: 40000, retry: { jitter: 0 }, timeout: 30_000 },
    ...options,
    onRetry: ({ delay }) => void delays.push(Math.round(delay)),
  });
  const context = { clock, counts, openHint: hint ? hint.open : openHint };
  const error = await dial(adapter, resolved, context).then(() => undefined, (error) => error);
  return { attempts: counts.attempts, elapsed: clock.now(), delays, error };
}

describe("a hint", () => {
  test("ends a pause", async () => {
    const hint = new FakeHint();
    const waited = await wait({ listensAt: 1000, changesAt: [1000] }, hint);
    expect(waited).toMatchObject({ elapsed: 1000, error: undefined });
    expect([hint.opened, hint.closed, hint.watching.size]).toEqual([1, 1, 0]);
  });

  test("that is not known yet is asked for before the next pause", async () => {
    const hint = new FakeHint();
    let asked = 0;
    const openHint: DialContext["openHint"] = () => ++asked < 3 ? undefined : hint.open();
    const { delays } = await wait({ openHint });
    expect(delays.slice(0, 4)).toEqual([10, 11, 160, 640]);
    expect([asked, hint.opened, hint.closed]).toEqual([3, 1, 1]);
  });

  test("is not asked for when the first dial succeeds, nor without retry", async () => {
    const hint = new FakeHint();
    await wait({ listensAt: 0 }, hint);
    await wait({ options: { retry: false } }, hint);
    expect([hint.opened, hint.closed]).toEqual([0, 0]);
  });

  test("is not asked for where the caller has a schedule of its own", async () => {
    const hint = new FakeHint();
    for (const retry of [{ initialDelay: 20 }, { multiplier: 2 }, { maxDelay: 100 }]) {
      await wait({ options: { retry, timeout: 1000 } }, hint);
    }
    expect(hint.opened).toBe(0);
  });

  test("makes dials sparse, which then serve what it misses", async () => {
    const { delays, attempts } = await wait({}, new FakeHint());
    expect(delays.slice(0, 7)).toEqual([10, 40, 160, 640, 2000, 2000, 2000]);
    expect(attempts).toBeLessThan(25);
    const missed = await wait({ listensAt: 5000 }, new FakeHint());
    expect(missed.error).toBeUndefined();
    expect(missed.elapsed).toBeLessThan(7000);
  });

  for (const before of [codeError("ECONNRESET"), codeError("ENOTFOUND"), codeError("EADDRINUSE")]) {
    test(`leaves the schedule as it is after ${before.message}, which no listener has to end`, async () => {
      const options = { retry: { jitter: 0, isRetriable: () => true }, timeout: 5000 };
      const without = await wait({ before, options });
      expect((await wait({ before, options }, new FakeHint())).delays).toEqual(without.delays);
    });
  }

  test("that was right three times in a row is listened to again after a pause of the schedule without it", async () => {
    const hint = new FakeHint();
    const changesAt = [1000, 1001, 1002, 1003, 1004, 1100, 1101];
    const { attempts } = await wait({ changesAt, options: { timeout: 1150 } }, hint);
    const { attempts: unhinted } = await wait({ options: { timeout: 1150 } }, new FakeHint());
    expect(attempts - unhinted).toBe(4);
  });
});

describe("a hint that", () => {
  for (const [lie, lyingHint] of Object.entries(lyingHints)) {
    test(`${lie} is never believed, and costs few dials`, async () => {
      const openHint = (): typeof lyingHint => lyingHint;
      const { attempts, error } = await wait({ openHint });
      expect(error).toBeInstanceOf(ConnectTimeoutError);
      const unhinted = await wait({});
      expect(attempts).toBeLessThanOrEqual(unhinted.attempts * 1.2);
      const late = await wait({ openHint, listensAt: 3000 });
      expect(late.error).toBeUndefined();
      expect(late.elapsed - 3000).toBeLessThanOrEqual(2000);
      const self = await wait({ openHint, before: "self", listensAt: 300 });
      expect(self.error).toBeUndefined();
    });
  }
});
