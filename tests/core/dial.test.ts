import { describe, expect, test } from "vitest";
import { dial } from "../../src/core/dial.ts";
import { ConnectTimeoutError, SelfConnectError } from "../../src/core/errors.ts";
import { type ConnectOptions, resolveOptions } from "../../src/core/options.ts";
import type { RetryContext } from "../../src/core/retry.ts";
import { codeError, FakeAdapter, FakeClock, type FakeSocket, type Script } from "../fixtures/fake_adapter.ts";

interface Played {
  readonly adapter: FakeAdapter;
  readonly clock: FakeClock;
  readonly result: { attempts: number; selfConnects: number; elapsed: number } | undefined;
  readonly error: unknown;
}

const LITERAL = { hostname: "127.0.0.1", port: 40000 };

async function play(options: ConnectOptions, script: Script[], onOpen?: (open: number) => void): Promise<Played> {
  const adapter = new FakeAdapter(...script);
  const clock = new FakeClock();
  if (onOpen) adapter.onOpen = onOpen;
  try {
    const { attempts, selfConnects, elapsed } = await dial(adapter, resolveOptions(options), { clock });
    return { adapter, clock, result: { attempts, selfConnects, elapsed }, error: undefined };
  } catch (error) {
    return { adapter, clock, result: undefined, error };
  } finally {
    expect(clock.pending, "timers that outlived the call").toBe(0);
  }
}

describe("dial() without retry", () => {
  test("returns the first real peer", async () => {
    const { adapter, result } = await play(LITERAL, ["real"]);
    expect(result).toMatchObject({ attempts: 1, selfConnects: 0 });
    expect(adapter.states).toEqual(["open"]);
  });

  test("dials a self-connection again at once, and resets it", async () => {
    const { adapter, result, clock } = await play(LITERAL, ["self", "real"]);
    expect(result).toMatchObject({ attempts: 2, selfConnects: 1, elapsed: 0 });
    expect(adapter.states).toEqual(["reset", "open"]);
    expect(clock.now()).toBe(0);
    expect(adapter.published).toEqual([{ local: LITERAL, remote: LITERAL }]);
  });

  test("gives up after three connects", async () => {
    const { adapter, error } = await play(LITERAL, ["self"]);
    expect(error).toBeInstanceOf(SelfConnectError);
    expect(error).toMatchObject({
      code: "ECONNREFUSED",
      syscall: "connect",
      address: "127.0.0.1",
      port: 40000,
      attempts: 3,
      local: LITERAL,
      remote: LITERAL,
    });
    expect(adapter.states).toEqual(["reset", "reset", "reset"]);
  });

  test("rejects with every other failure as it is, after one connect", async () => {
    for (const failure of [codeError("ECONNREFUSED"), codeError("EACCES"), new TypeError("Invalid argument")]) {
      const { adapter, error } = await play(LITERAL, [failure]);
      expect(error).toBe(failure);
      expect(adapter.opens).toBe(1);
    }
  });

  test("rejects with the runtime's own error when a self-connection is followed by a refusal", async () => {
    const refusal = codeError("ECONNREFUSED");
    const { adapter, error } = await play(LITERAL, ["self", refusal]);
    expect(error).toBe(refusal);
    expect(adapter.states).toEqual(["reset"]);
  });

  test("does not dial again what is bound to the port it dials", async () => {
    const { adapter, error } = await play({ ...LITERAL, localPort: 40000 }, ["self"]);
    expect(error).toMatchObject({ name: "SelfConnectError", attempts: 1 });
    expect(adapter.states).toEqual(["reset"]);
  });

  test("reports a peer that is gone before it is known as a reset", async () => {
    const { adapter, error } = await play(LITERAL, ["gone"]);
    expect(error).toMatchObject({ code: "ECONNRESET", port: 40000 });
    expect(adapter.states).toEqual(["closed"]);
  });

  test("ends one attempt after attemptTimeout", async () => {
    const { error, clock } = await play({ ...LITERAL, attemptTimeout: 500 }, ["silent"]);
    expect(error).toBeInstanceOf(ConnectTimeoutError);
    expect(error).toMatchObject({ code: "ETIMEDOUT", attempts: 1, elapsed: 500, address: "127.0.0.1", port: 40000 });
    expect(clock.now()).toBe(500);
  });
});

describe("dial() where the adapter tells the local port alone", () => {
  function native(...script: Script[]): FakeAdapter {
    const adapter = new FakeAdapter(...script);
    return Object.assign(adapter, { localPort: (socket: FakeSocket) => adapter.endpoints(socket)?.local.port });
  }

  test("asks for both ends only of what may be connected to itself", async () => {
    const adapter = native("self", "real");
    const asked: string[] = [];
    const endpoints = adapter.endpoints.bind(adapter);
    Object.assign(adapter, { localPort: ({ kind }: FakeSocket) => kind === "self" ? 40000 : 50001 });
    adapter.endpoints = (socket) => (asked.push(String(socket.kind)), endpoints(socket));
    const { attempts } = await dial(adapter, resolveOptions(LITERAL), { clock: new FakeClock() });
    expect({ attempts, asked }).toEqual({ attempts: 2, asked: ["self"] });
    expect(adapter.states).toEqual(["reset", "open"]);
  });

  test("reports a peer that is gone before it is known, and closes one that comes after the abort", async () => {
    const options = resolveOptions(LITERAL);
    await expect(dial(native("gone"), options, { clock: new FakeClock() })).rejects.toMatchObject({
      code: "ECONNRESET",
    });
    const late = native("silent");
    late.lateKind = "real";
    const controller = new AbortController();
    const dialing = dial(late, resolveOptions({ ...LITERAL, signal: controller.signal }), { clock: new FakeClock() });
    controller.abort("enough");
    await expect(dialing).rejects.toBe("enough");
    await new Promise((resolve) => setTimeout(resolve));
    expect(late.states).toEqual(["closed"]);
  });
});

describe("dial() with retry", () => {
  for (const name of ["onRetry", "isRetriable"] as const) {
    test(`handles the rejection of ${name} after an abort`, async () => {
      const controller = new AbortController();
      // Vitest reports a rejection that nothing handles.
      const late = (): Promise<never> => {
        controller.abort("enough");
        return Promise.reject(new Error("late"));
      };
      const options = name === "onRetry" ? { retry: true, onRetry: late } : { retry: { isRetriable: late } };
      const { error } = await play({ ...LITERAL, ...options, signal: controller.signal }, [codeError("ECONNREFUSED")]);
      expect(error).toBe("enough");
      await new Promise((resolve) => setTimeout(resolve));
    });
  }

  test("dials what it was given, whatever onRetry does with the target", async () => {
    const onRetry = ({ target }: { target: object }): void =>
      void Object.assign(target, { port: 1, hostname: "other" });
    const { adapter } = await play({ ...LITERAL, retry: true, onRetry }, [codeError("ECONNREFUSED"), "real"]);
    expect(adapter.dialed).toEqual(["127.0.0.1", "127.0.0.1"]);
  });

  const failures: Script[] = [
    "self",
    ..."ECONNREFUSED ECONNRESET EHOSTUNREACH ENETUNREACH ETIMEDOUT EADDRNOTAVAIL ENOTFOUND EAI_AGAIN EMFILE ENFILE"
      .split(" ").map(codeError),
  ];

  for (const failure of failures) {
    test(`goes on after ${failure instanceof Error ? failure.message : failure}`, async () => {
      const { result } = await play({ ...LITERAL, retry: true }, [failure, failure, failure, failure, "real"]);
      expect(result?.attempts).toBe(5);
    });
  }

  test("goes on after a peer that hangs up within stableFor", async () => {
    const { adapter, result } = await play({ ...LITERAL, retry: true, stableFor: 50 }, ["unstable", "real"]);
    expect(result?.attempts).toBe(2);
    expect(adapter.states).toEqual(["closed", "open"]);
  });

  test("goes on after one attempt that is never answered", async () => {
    const { result } = await play({ ...LITERAL, retry: true }, ["silent", "silent", "real"]);
    expect(result?.attempts).toBe(3);
    expect(result?.elapsed).toBeGreaterThanOrEqual(4000);
  });

  for (
    const error of [
      codeError("EACCES"),
      codeError("EAFNOSUPPORT"),
      new TypeError("bad"),
      Object.assign(new Error(), { name: "NotCapable" }),
      "text",
    ]
  ) {
    test(`ends at once with ${String(error)}`, async () => {
      const adapter = new FakeAdapter();
      adapter.open = () => ({ opened: Promise.reject(error), abandon() {} });
      const options = resolveOptions({ ...LITERAL, retry: true });
      await expect(dial(adapter, options, { clock: new FakeClock() })).rejects.toBe(error);
    });
  }

  test("ends with the last failure after maxAttempts", async () => {
    const { adapter, error } = await play({ ...LITERAL, retry: { maxAttempts: 4 } }, [
      "self",
      codeError("ENOTFOUND"),
      "self",
    ]);
    expect(error).toMatchObject({ name: "SelfConnectError", attempts: 4 });
    expect(adapter.opens).toBe(4);
  });

  test("ends with ConnectTimeoutError whose cause is the last failure", async () => {
    const refusal = codeError("ECONNREFUSED");
    const { error, clock } = await play({ ...LITERAL, retry: true, timeout: 1000 }, [refusal]);
    expect(error).toBeInstanceOf(ConnectTimeoutError);
    expect(error).toMatchObject({ elapsed: 1000, cause: refusal });
    expect((error as ConnectTimeoutError).attempts).toBeGreaterThan(10);
    expect(clock.now()).toBe(1000);
  });

  test("keeps no chain of the attempts that ran out of time", async () => {
    const { error } = await play({ ...LITERAL, retry: { maxAttempts: 5 }, attemptTimeout: 100 }, ["silent"]);
    expect(error).toMatchObject({ name: "ConnectTimeoutError", attempts: 5 });
    expect((error as Error).cause).toBeUndefined();
  });

  test("asks isRetriable instead of its own table", async () => {
    const asked: unknown[] = [];
    const isRetriable = (error: unknown): boolean => {
      asked.push(error);
      return asked.length < 3;
    };
    const failure = codeError("EACCES");
    const { error, adapter } = await play({ ...LITERAL, retry: { isRetriable } }, [failure]);
    expect(error).toBe(failure);
    expect(adapter.opens).toBe(3);
    expect(asked).toEqual([failure, failure, failure]);
  });

  test("ends with what isRetriable or onRetry throws", async () => {
    const thrown = new Error("thrown");
    const fail = (): never => {
      throw thrown;
    };
    expect((await play({ ...LITERAL, retry: { isRetriable: fail } }, ["self"])).error).toBe(thrown);
    expect((await play({ ...LITERAL, retry: true, onRetry: fail }, ["self"])).error).toBe(thrown);
  });

  test("tells onRetry everything before each pause, and nothing without one", async () => {
    const contexts: RetryContext[] = [];
    const retry = { initialDelay: 100, multiplier: 2, maxDelay: 300, jitter: 0 };
    const refusal = codeError("ECONNREFUSED");
    const options = { ...LITERAL, retry, onRetry: (context: RetryContext) => void contexts.push(context) };
    const { result } = await play(options, [refusal, "self", refusal, refusal, "real"]);
    expect(contexts.map(({ attempt, delay, selfConnect }) => [attempt, delay, selfConnect])).toEqual([
      [1, 100, false],
      [2, 200, true],
      [3, 300, false],
      [4, 300, false],
    ]);
    expect(contexts[0]).toMatchObject({ error: refusal, target: LITERAL });
    expect(contexts[1]?.error).toBeInstanceOf(SelfConnectError);
    expect(result?.elapsed).toBe(900);
    contexts.length = 0;
    await play({ ...options, retry: false }, ["self", "real"]);
    expect(contexts).toEqual([]);
  });
});

describe("dial() and its signal", () => {
  const reasons = [new Error("enough"), "text", undefined, null, 0];
  for (const reason of reasons) {
    test(`rejects with the reason ${String(reason)} as it is, before, during and between attempts`, async () => {
      const aborted = AbortSignal.abort(reason);
      const before = await play({ ...LITERAL, signal: aborted }, ["real"]);
      expect(before.error).toBe(aborted.reason);
      expect(before.adapter.opens).toBe(0);

      const during = new AbortController();
      const { error } = await play(
        { ...LITERAL, signal: during.signal },
        ["silent"],
        () => queueMicrotask(() => during.abort(reason)),
      );
      expect(error).toBe(during.signal.reason);

      const between = new AbortController();
      const onRetry = (): void => between.abort(reason);
      const paused = await play({ ...LITERAL, signal: between.signal, retry: true, onRetry }, [
        codeError("ECONNREFUSED"),
      ]);
      expect(paused.error).toBe(between.signal.reason);
      expect(paused.adapter.opens).toBe(1);
      expect(paused.clock.now()).toBe(0);
    });
  }

  test("closes what opened in the very moment of the abort, a self-connection by reset", async () => {
    for (const [kind, state] of [["real", "closed"], ["self", "reset"]] as const) {
      const controller = new AbortController();
      const { adapter, error } = await play(
        { ...LITERAL, signal: controller.signal },
        [kind],
        () => controller.abort("now"),
      );
      expect(error).toBe("now");
      expect(adapter.states).toEqual([state]);
    }
  });

  test("leaves no listener on the signal", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    await play({ ...LITERAL, signal, retry: true, timeout: 5000 }, [
      "self",
      "silent",
      codeError("ECONNREFUSED"),
      "real",
    ]);
    expect(listeners).toBe(0);
  });
});
