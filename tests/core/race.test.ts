import { describe, expect, test } from "vitest";
import { dial } from "../../src/core/dial.ts";
import { ConnectTimeoutError, SelfConnectError } from "../../src/core/errors.ts";
import { type ConnectOptions, resolveOptions } from "../../src/core/options.ts";
import { codeError, deferred, FakeAdapter, FakeClock, type Script } from "../fixtures/fake_adapter.ts";

const A = "10.0.0.1";
const B = "10.0.0.2";
const NAME = { hostname: "db", port: 40000 };
const refusal = codeError("ECONNREFUSED");

/** An adapter that looks "db" up, with a script for each address. */
function named(scripts: Record<string, Script[]>): FakeAdapter {
  const adapter = new FakeAdapter();
  for (const [address, script] of Object.entries(scripts)) adapter.byHostname.set(address, script);
  adapter.lookup = () => Promise.resolve(Object.keys(scripts).filter((address) => address !== "db"));
  return adapter;
}

function play(adapter: FakeAdapter, options: Partial<ConnectOptions>, clock: FakeClock = new FakeClock()) {
  return dial(adapter, resolveOptions({ ...NAME, ...options }), { clock }).finally(() => {
    expect(clock.pending, "timers that outlived the call").toBe(0);
  });
}

describe("a name with several addresses", () => {
  test("is dialed by name without retry, as the runtime does", async () => {
    const adapter = named({ db: ["real"], [A]: ["real"] });
    await play(adapter, { timeout: 1000 });
    expect(adapter.dialed).toEqual(["db"]);
  });

  test("has its other address dialed after a self-connection, without retry", async () => {
    const adapter = named({ db: ["self"], "127.0.0.1": ["self"], [B]: ["real"] });
    const { attempts, selfConnects, socket } = await play(adapter, {});
    expect(adapter.dialed).toEqual(["db", B]);
    expect({ attempts, selfConnects, address: socket.address }).toEqual({
      attempts: 2,
      selfConnects: 1,
      address: B,
    });
  });

  test("is dialed by name where its addresses may not be asked for", async () => {
    for (const lookup of [undefined, () => Promise.resolve(null)]) {
      const adapter = named({ db: [refusal, "real"] });
      adapter.lookup = lookup;
      await play(adapter, { retry: true });
      expect(adapter.dialed).toEqual(["db", "db"]);
    }
  });

  test("is given up after three connects when every address is connected to itself", async () => {
    const adapter = named({ db: ["self"], "127.0.0.1": ["self"] });
    await expect(play(adapter, {})).rejects.toMatchObject({ name: "SelfConnectError", attempts: 3 });
    expect(adapter.states).toEqual(["reset", "reset", "reset"]);
  });

  test("has an address that it names twice dialed once, and given up", async () => {
    const adapter = named({ [A]: ["silent"] });
    adapter.lookup = () => Promise.resolve([A, A]);
    const clock = new FakeClock();
    await expect(play(adapter, { retry: true, timeout: 600 }, clock)).rejects.toBeInstanceOf(ConnectTimeoutError);
    expect(adapter.dialed).toEqual([A]);
    expect(adapter.abandoned).toBe(1);
  });

  test("has a refusing address dialed again and again while a silent one is pending", async () => {
    const clock = new FakeClock();
    const adapter = named({ [A]: ["silent"], [B]: [refusal, refusal, refusal, "real"] });
    const { elapsed, socket } = await play(adapter, { retry: true }, clock);
    expect(socket.address).toBe(B);
    expect(adapter.dialed.filter((address) => address === A)).toHaveLength(1);
    // The second address is dialed 250 ms after the first.
    expect(elapsed).toBeLessThan(300);
    expect(adapter.abandoned).toBe(1);
  });

  test("has a refusing address dialed again and again before a silent one is over", async () => {
    const adapter = named({ [B]: [refusal, refusal, refusal, "real"], [A]: ["silent"] });
    const { elapsed } = await play(adapter, { retry: true });
    expect(elapsed).toBeLessThan(50);
  });

  test("is reached by a silent address that answers during a pause", async () => {
    const answer = deferred<void>();
    const adapter = named({ [A]: ["silent"], [B]: [refusal] });
    const open = adapter.open.bind(adapter);
    adapter.open = (target) => {
      const attempt = open(target);
      if (target.hostname !== A) return attempt;
      return { ...attempt, opened: answer.promise.then(() => new FakeAdapter("real").open({ ...target }).opened) };
    };
    const clock = new FakeClock();
    const { socket } = await play(adapter, {
      retry: { initialDelay: 3_600_000, maxDelay: Infinity },
      attemptTimeout: 0,
      onRetry: () => void queueMicrotask(() => answer.resolve()),
    }, clock);
    expect(socket.address).toBe(A);
    expect(clock.now()).toBeLessThan(3_600_000);
  });

  test("fails only when all its addresses have failed for good", async () => {
    const adapter = named({ [A]: [codeError("EACCES")], [B]: ["real"] });
    expect((await play(adapter, { retry: true })).socket.address).toBe(B);
    const denied = named({ [A]: [codeError("EACCES")], [B]: [codeError("EPERM")] });
    await expect(play(denied, { retry: true })).rejects.toMatchObject({ code: "EACCES" });
  });

  test("has its own failure kept as the last one when it is given up", async () => {
    const counts = { attempts: 0, selfConnects: 0, lastError: undefined };
    const adapter = named({ [B]: [refusal], [A]: ["silent"] });
    const clock = new FakeClock();
    const options = resolveOptions({ ...NAME, retry: true, timeout: 700 });
    await expect(dial(adapter, options, { clock, counts })).rejects.toMatchObject({ cause: refusal });
    expect(counts.lastError).toBe(refusal);
  });

  test("lets the second of two addresses that answer in one turn go", async () => {
    const adapter = named({ [A]: ["silent"], [B]: ["real"] });
    adapter.lateKind = "real";
    await play(adapter, { retry: true });
    await new Promise((resolve) => setTimeout(resolve));
    expect(adapter.states.toSorted()).toEqual(["closed", "open"]);
  });

  test("keeps one of two connections that are established in one turn", async () => {
    const both = deferred<void>();
    const adapter = named({ [A]: ["real"], [B]: ["real"] });
    const open = adapter.open.bind(adapter);
    adapter.open = (target) => {
      const attempt = open(target);
      return { ...attempt, opened: both.promise.then(() => attempt.opened) };
    };
    adapter.onOpen = (opens) => opens === 2 && both.resolve();
    const { socket } = await play(adapter, { retry: true });
    expect(socket.state).toBe("open");
    expect(adapter.states.toSorted()).toEqual(["closed", "open"]);
  });

  test("has no further address dialed once one has answered", async () => {
    const adapter = named({ [A]: ["silent"], [B]: ["real"], "10.0.0.3": ["real"] });
    await play(adapter, { retry: true });
    expect(adapter.dialed).toEqual([A, B]);
  });

  test("resets a self-connection that comes after another address has won", async () => {
    const adapter = named({ [A]: ["silent"], [B]: ["real"] });
    adapter.lateKind = "self";
    await play(adapter, { retry: true });
    await new Promise((resolve) => setTimeout(resolve));
    expect(adapter.states.toSorted()).toEqual(["open", "reset"]);
  });
});

describe("a name server", () => {
  test("that is slow costs no attempt its time", async () => {
    const clock = new FakeClock();
    const adapter = named({ [A]: ["real"] });
    let lookups = 0;
    adapter.lookup = () => {
      lookups++;
      return new Promise((resolve) => clock.setTimeout(() => resolve([A]), 5000));
    };
    const { elapsed, attempts } = await play(adapter, { retry: true }, clock);
    expect({ elapsed, attempts, lookups }).toEqual({ elapsed: 5000, attempts: 1, lookups: 1 });
  });

  test("that never answers keeps neither timeout nor signal waiting", async () => {
    const clock = new FakeClock();
    const adapter = named({});
    adapter.lookup = () => new Promise(() => {});
    await expect(play(adapter, { retry: true, timeout: 700 }, clock)).rejects.toBeInstanceOf(ConnectTimeoutError);
    expect(clock.now()).toBe(700);
    const controller = new AbortController();
    const waiting = play(adapter, { signal: controller.signal, retry: true });
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
  });

  test("that knows the name later is asked again", async () => {
    const adapter = named({ [A]: ["real"] });
    const answers = [codeError("ENOTFOUND"), codeError("EAI_AGAIN")];
    const { lookup } = adapter;
    adapter.lookup = (name) => answers.length > 0 ? Promise.reject(answers.shift()) : lookup!(name);
    expect((await play(adapter, { retry: true })).attempts).toBe(3);
  });

  test("is asked again for a name that has moved, beside the attempts at its old address", async () => {
    const adapter = named({ [A]: [refusal], [B]: ["real"] });
    let lookups = 0;
    adapter.lookup = () => Promise.resolve(lookups++ === 0 ? [A] : [B]);
    const { socket, elapsed } = await play(adapter, { retry: true });
    expect(socket.address).toBe(B);
    expect(elapsed).toBeLessThan(1500);
  });

  test("gives no address of another family than the client's own end", async () => {
    const adapter = named({ "::1": ["real"], [B]: ["real"] });
    await play(adapter, { retry: true, localAddress: "127.0.0.1" });
    expect(adapter.dialed).toEqual([B]);
  });

  test("with addresses of another family only is a TypeError at once", async () => {
    const adapter = named({ [A]: ["real"], [B]: ["real"] });
    const error = await play(adapter, { retry: true, localAddress: "::1" }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/^Cannot connect: \S+ has no address of the IP version of ::1$/);
    expect(adapter.dialed).toEqual([]);
  });
});

describe("a runtime that looks names up by itself", () => {
  test("keeps the first attempt beside those that follow it: the name server may be slow", async () => {
    const clock = new FakeClock();
    const adapter = new FakeAdapter("silent");
    const open = adapter.open.bind(adapter);
    adapter.open = (target) => {
      const attempt = open(target);
      if (adapter.opens > 1) return attempt;
      const late = new Promise<void>((resolve) => clock.setTimeout(resolve, 5000));
      return { ...attempt, opened: late.then(() => new FakeAdapter("real").open(target).opened) };
    };
    const { elapsed, attempts } = await play(adapter, { retry: true }, clock);
    expect(elapsed).toBe(5000);
    expect(attempts).toBe(3);
    // The second when its own time was over, the third when the first had answered.
    expect(adapter.abandoned).toBe(2);
  });

  test("is held to attemptTimeout where there is no second attempt", async () => {
    const adapter = new FakeAdapter("silent");
    const limited = play(adapter, { retry: { maxAttempts: 1 }, attemptTimeout: 300 });
    await expect(limited).rejects.toMatchObject({ name: "ConnectTimeoutError", elapsed: 300 });
    expect(adapter.abandoned).toBe(1);
  });
});

describe("an abort in any turn of the microtask queue", () => {
  const situations: Record<string, [adapter: () => FakeAdapter, options: Partial<ConnectOptions>]> = {
    "before the second attempt at an address": [() => new FakeAdapter("self", "silent"), { hostname: A }],
    "before an address of a name is dialed": [() => named({ [A]: ["silent"] }), { retry: true, attemptTimeout: 0 }],
  };
  for (const [name, [adapter, options]] of Object.entries(situations)) {
    test(`${name} ends the call`, async () => {
      for (let turns = 0; turns < 40; turns++) {
        const controller = new AbortController();
        const dialing = play(adapter(), { ...options, signal: controller.signal });
        dialing.catch(() => {});
        for (let turn = 0; turn < turns; turn++) await undefined;
        controller.abort("enough");
        const still = new Promise((resolve) => setTimeout(resolve, 20, `pending after ${turns} turns`));
        expect(await Promise.race([dialing.catch((reason) => reason), still])).toBe("enough");
      }
    });
  }
});

describe("callbacks that take their time", () => {
  const LITERAL = { hostname: "127.0.0.1", port: 40000 };
  const thrown = new Error("thrown");
  test("are awaited", async () => {
    const adapter = new FakeAdapter(refusal);
    const options = { ...LITERAL, retry: { isRetriable: () => Promise.resolve(false) } };
    await expect(play(adapter, options)).rejects.toBe(refusal);
    expect(adapter.opens).toBe(1);
    const rejecting = { ...LITERAL, retry: true, onRetry: () => Promise.reject(thrown) };
    await expect(play(new FakeAdapter(refusal), rejecting)).rejects.toBe(thrown);
  });
  test("do not keep timeout from ending the call", async () => {
    const never = { ...LITERAL, retry: true, timeout: 500, onRetry: () => new Promise<void>(() => {}) };
    await expect(play(new FakeAdapter(refusal), never)).rejects.toBeInstanceOf(ConnectTimeoutError);
  });
});

describe("times of any length", () => {
  const LITERAL = { hostname: "127.0.0.1", port: 40000 };
  const YEAR = 365 * 24 * 3_600_000;
  test("are kept by pauses, limits and stableFor", async () => {
    const clock = new FakeClock();
    const retry = { initialDelay: YEAR, maxDelay: YEAR, jitter: 0 };
    const paused = await play(new FakeAdapter(refusal, "real"), { ...LITERAL, retry, attemptTimeout: YEAR }, clock);
    expect(paused.elapsed).toBe(YEAR);
    const watched = await play(new FakeAdapter("real"), { ...LITERAL, stableFor: YEAR }, clock);
    expect(watched.elapsed).toBe(YEAR);
    await expect(play(new FakeAdapter("silent"), { ...LITERAL, timeout: YEAR }, clock)).rejects.toMatchObject({
      name: "ConnectTimeoutError",
      elapsed: YEAR,
    });
  });
  test("let timeout end a pause that is longer", async () => {
    const adapter = new FakeAdapter(refusal);
    const retry = { initialDelay: 3e9, maxDelay: 3e9, jitter: 0 };
    await expect(play(adapter, { ...LITERAL, retry, timeout: 2000 })).rejects.toMatchObject({ attempts: 1 });
  });
});

describe("what the kernel refuses to connect to itself", () => {
  const invalid = codeError("EINVAL");
  const OWN = { hostname: "127.0.0.1", port: 40000, localPort: 40000, retry: true };
  test("is a SelfConnectError, and final", async () => {
    const adapter = new FakeAdapter(invalid);
    await expect(play(adapter, OWN)).rejects.toBeInstanceOf(SelfConnectError);
    await expect(play(adapter, { ...OWN, localAddress: "::ffff:127.0.0.1" })).rejects.toBeInstanceOf(SelfConnectError);
    expect(adapter.opens).toBe(2);
  });
  test("is not what has an address that the runtime does not take", async () => {
    const options = { ...OWN, hostname: "fe80::1%eth0", retry: { maxAttempts: 2 } };
    await expect(play(new FakeAdapter(invalid), options)).rejects.toBe(invalid);
  });
  test("is not what has another address of its own", async () => {
    const options = { ...OWN, localAddress: "127.0.0.2", retry: { maxAttempts: 2 } };
    await expect(play(new FakeAdapter(invalid), options)).rejects.toBe(invalid);
  });
});
