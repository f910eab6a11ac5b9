import { describe, expect, test } from "vitest";
import { dialNative } from "../../src/core/dial_native.ts";
import { SelfConnectError } from "../../src/core/errors.ts";
import { type ConnectOptions, planOf } from "../../src/core/options.ts";
import { codeError, FakeAdapter, type FakeSocket } from "../fixtures/fake_adapter.ts";

const LITERAL = { hostname: "127.0.0.1", port: 40000 };

function dialed(adapter: FakeAdapter, options: Partial<ConnectOptions> = {}): Promise<FakeSocket> {
  return dialNative(adapter, planOf({ ...LITERAL, ...options }), (socket) => adapter.endpoints(socket)?.local.port);
}

describe("dialNative()", () => {
  test("returns the first real peer", async () => {
    const adapter = new FakeAdapter("real");
    expect(await dialed(adapter)).toBe(adapter.sockets[0]);
    expect(adapter.states).toEqual(["open"]);
  });

  test("counts a self-connection of the bare call as the first of three connects", async () => {
    const adapter = new FakeAdapter("self");
    await expect(dialed(adapter)).rejects.toMatchObject({ name: "SelfConnectError", attempts: 3 });
    expect(adapter.states).toEqual(["reset", "reset", "reset"]);
    expect(adapter.published).toHaveLength(3);
  });

  test("goes on to the real peer after a self-connection", async () => {
    const adapter = new FakeAdapter("self", "real");
    expect(await dialed(adapter)).toBe(adapter.sockets[1]);
    expect(adapter.states).toEqual(["reset", "open"]);
  });

  test("closes a socket that is gone before anybody could look", async () => {
    const adapter = new FakeAdapter("gone");
    await expect(dialed(adapter)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(adapter.states).toEqual(["closed"]);
  });

  test("rejects with the runtime's own error as it is", async () => {
    const error = codeError("ECONNREFUSED");
    await expect(dialed(new FakeAdapter(error))).rejects.toBe(error);
  });

  test("leaves everything beyond the bare call to dial()", async () => {
    await expect(dialed(new FakeAdapter("self"), { retry: { maxAttempts: 2, initialDelay: 0 } })).rejects
      .toBeInstanceOf(SelfConnectError);
    const adapter = new FakeAdapter("unstable");
    await expect(dialed(adapter, { stableFor: 10 })).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(adapter.states).toEqual(["closed"]);
  });
});
