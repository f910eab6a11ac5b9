import { describe, expect, test } from "vitest";
import { type ConnectOptions, resolveOptions } from "../../src/core/options.ts";

describe("resolveOptions()", () => {
  test("takes 0, Infinity and undefined for no limit", () => {
    for (const none of [0, Infinity, undefined]) {
      expect(resolveOptions({ port: 1, timeout: none, attemptTimeout: none })).toMatchObject({
        timeout: Infinity,
        attemptTimeout: Infinity,
      });
    }
  });
  test("gives an attempt two seconds under retry, and none otherwise", () => {
    expect(resolveOptions({ port: 1, retry: true }).attemptTimeout).toBe(2000);
    expect(resolveOptions({ port: 1, retry: {} }).attemptTimeout).toBe(2000);
    expect(resolveOptions({ port: 1, retry: true, attemptTimeout: 0 }).attemptTimeout).toBe(Infinity);
    expect(resolveOptions({ port: 1, retry: false }).attemptTimeout).toBe(Infinity);
  });
  test("gives an attempt three seconds on Windows, where a refusal takes two", () => {
    expect(resolveOptions({ port: 1, retry: true }, { isWindows: true }).attemptTimeout).toBe(3000);
    expect(resolveOptions({ port: 1 }, { isWindows: true }).attemptTimeout).toBe(Infinity);
  });
  const defaults = resolveOptions({ port: 1, retry: true });
  const { isOff: _isOff, ...policy } = defaults.policy;
  test.each(Object.entries(policy))("takes the default of retry.%s for the option left out", (name, value) => {
    expect(resolveOptions({ port: 1, retry: { [name]: value } })).toEqual(defaults);
    expect(resolveOptions({ port: 1, retry: { [name]: undefined } })).toEqual(defaults);
  });
  test("does not take what stands on Object.prototype for an option", () => {
    const polluted: Record<string, unknown> = { timeout: "never", retries: 3, signal: 7 };
    try {
      for (const [name, value] of Object.entries(polluted)) {
        Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: true, writable: true });
      }
      expect(resolveOptions({ port: 1 })).toMatchObject({ timeout: Infinity });
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name);
    }
  });
});

describe("localAddress", () => {
  const forms: readonly [hostname: string, given: string, bound: string][] = [
    ["127.0.0.1", "127.0.0.2", "127.0.0.2"],
    ["127.0.0.1", "::ffff:127.0.0.2", "127.0.0.2"],
    ["127.0.0.1", "::ffff:7f00:2", "127.0.0.2"],
    ["::ffff:7f00:1", "127.0.0.2", "::ffff:127.0.0.2"],
    ["::ffff:127.0.0.1", "::FFFF:7f00:2", "::ffff:127.0.0.2"],
    ["::ffff:127.0.0.1", "0:0::0", "0:0::0"],
    ["db", "::ffff:7f00:2", "127.0.0.2"],
    ["db", "fe80::1%eth0", "fe80::1%eth0"],
  ];
  for (const [hostname, given, bound] of forms) {
    test(`${given} is ${bound} for ${hostname}`, () => {
      expect(resolveOptions({ port: 1, hostname, localAddress: given }).target.localAddress).toBe(bound);
    });
  }
  for (const [hostname, localAddress] of [["::ffff:127.0.0.1", "::1"], ["127.0.0.1", "::"], ["::1", "127.0.0.1"]]) {
    test(`${localAddress} is a TypeError for ${hostname}`, () => {
      const options = { port: 1, hostname, localAddress } as ConnectOptions;
      expect(() => resolveOptions(options)).toThrow(`address, as ${hostname} is one, got "${localAddress}"`);
    });
  }
});

test("an error shows a bigint as one", () => {
  const port: unknown = 5432n;
  expect(() => resolveOptions({ port: port as number })).toThrow("port must be an integer from 1 to 65535, got 5432n");
});
