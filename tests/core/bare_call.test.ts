import { describe, expect, test } from "vitest";
import { dialFrom, dialSocket, isBare, rejecting } from "../../src/core/bare_call.ts";
import { type ConnectOptions, planOf } from "../../src/core/options.ts";
import { codeError, FakeAdapter, type FakeSocket } from "../fixtures/fake_adapter.ts";

const LITERAL = { hostname: "127.0.0.1", port: 40000 };

async function continued(adapter: FakeAdapter, options: Partial<ConnectOptions> = {}): Promise<FakeSocket> {
  const plan = planOf({ ...LITERAL, ...options });
  return (await dialFrom(await adapter.open(plan.target), adapter, plan)).socket;
}

describe("dialFrom()", () => {
  test("takes an open socket for its first connect", async () => {
    const adapter = new FakeAdapter("real");
    expect(await continued(adapter)).toBe(adapter.sockets[0]);
    expect(adapter.states).toEqual(["open"]);
  });

  test("counts a self-connection as the first of three connects", async () => {
    const adapter = new FakeAdapter("self");
    await expect(continued(adapter)).rejects.toMatchObject({ name: "SelfConnectError", attempts: 3 });
    expect(adapter.states).toEqual(["reset", "reset", "reset"]);
    expect(adapter.published).toHaveLength(3);
  });

  test("goes on to the real peer after a self-connection", async () => {
    const adapter = new FakeAdapter("self", "real");
    expect(await continued(adapter)).toBe(adapter.sockets[1]);
    expect(adapter.states).toEqual(["reset", "open"]);
  });

  test("closes a socket that is gone before anybody could look", async () => {
    const adapter = new FakeAdapter("gone");
    await expect(continued(adapter)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(adapter.states).toEqual(["closed"]);
  });

  test("rejects with the runtime's own error as it is", async () => {
    const error = codeError("EMFILE");
    await expect(continued(new FakeAdapter("self", error))).rejects.toBe(error);
  });
});

describe("dialSocket()", () => {
  const dialed = (adapter: FakeAdapter, options: Partial<ConnectOptions>): Promise<FakeSocket> =>
    dialSocket(adapter, planOf({ ...LITERAL, ...options }));

  test.each([
    ["the bare call", {}],
    ["the loop", { retry: { initialDelay: 0 } }],
  ])("goes on to the real peer after a self-connection: %s", async (_, options) => {
    const adapter = new FakeAdapter("self", "real");
    expect(await dialed(adapter, options)).toBe(adapter.sockets[1]);
    expect(adapter.states).toEqual(["reset", "open"]);
    expect(adapter.published).toHaveLength(1);
  });

  test("leaves a socket that is gone already to its user, as the bare call does", async () => {
    const adapter = new FakeAdapter("gone");
    expect(await dialed(adapter, {})).toBe(adapter.sockets[0]);
    await expect(dialed(new FakeAdapter("gone"), { timeout: 1000 })).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("rejects with the runtime's own error as it is", async () => {
    const error = codeError("ECONNREFUSED");
    await expect(dialed(new FakeAdapter(error), {})).rejects.toBe(error);
  });
});

describe("rejecting()", () => {
  test("gives back the promise of the call itself", () => {
    const promise = Promise.resolve(1);
    expect(rejecting(() => promise)).toBe(promise);
  });

  test("rejects with what the call throws", async () => {
    const error = new TypeError("Cannot connect");
    const throwing = (): Promise<never> => {
      throw error;
    };
    await expect(rejecting(throwing)).rejects.toBe(error);
  });
});

describe("isBare()", () => {
  const { signal } = new AbortController();
  const cases: [string, Partial<ConnectOptions>, boolean][] = [
    ["nothing but an endpoint", {}, true],
    ["a local end", { localAddress: "127.0.0.1", localPort: 4000 }, true],
    ["limits that are none", { timeout: 0, attemptTimeout: Infinity }, true],
    ["onRetry, without retry", { onRetry() {} }, true],
    ["a signal", { signal }, false],
    ["timeout", { timeout: 1000 }, false],
    ["attemptTimeout", { attemptTimeout: 1000 }, false],
    ["stableFor", { stableFor: 1 }, false],
    ["retry", { retry: true }, false],
    ["retry of its own", { retry: { maxAttempts: 2 } }, false],
  ];
  test.each(cases)("%s", (_, options, expected) => {
    expect(isBare(planOf({ ...LITERAL, ...options }))).toBe(expected);
  });
});
