import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRetriable } from "../../src/core/errors.ts";
import { DEFAULT_RETRY, delayAfter } from "../../src/core/retry.ts";
import { codeError } from "../fixtures/fake_adapter.ts";

describe("delayAfter()", () => {
  const policy = { ...DEFAULT_RETRY, initialDelay: 10, multiplier: 2, maxDelay: 100, jitter: 0 };
  test("multiplies from the initial delay up to the cap", () => {
    expect([1, 2, 3, 4, 5, 6].map((attempt) => delayAfter(attempt, policy, 0.5))).toEqual([10, 20, 40, 80, 100, 100]);
  });
  test.each([
    [3, [10, 30, 90, 100]],
    [1.5, [10, 15, 22.5, 33.75]],
    [1, [10, 10, 10, 10]],
  ])("multiplied by %d", (multiplier, expected) => {
    const schedule = { ...policy, multiplier };
    expect(expected.map((_, index) => delayAfter(index + 1, schedule, 0))).toEqual(expected);
  });
  test("takes jitter off, and never adds any", () => {
    expect(delayAfter(1, { ...policy, jitter: 0.5 }, 0)).toBe(10);
    expect(delayAfter(1, { ...policy, jitter: 0.5 }, 1)).toBe(5);
    expect(delayAfter(1, { ...policy, jitter: 1 }, 1)).toBe(0);
  });
  test("stays within 0 and the cap for any policy, however many attempts", () => {
    const policies = fc.record({
      maxAttempts: fc.constant(Infinity),
      initialDelay: fc.double({ min: 0, max: 1e6, noNaN: true }),
      maxDelay: fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(Infinity)),
      multiplier: fc.double({ min: 1, max: 1e6, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      isRetriable: fc.constant(isRetriable),
      isOff: fc.constant(false),
    });
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 1e9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (policy, attempt, random) => {
          const delay = delayAfter(attempt, policy, random);
          expect(delay >= 0 && delay <= policy.maxDelay, String(delay)).toBe(true);
        },
      ),
    );
  });
  test("overshoots a wait by little more than its share with the defaults", () => {
    let waited = 0;
    for (let attempt = 1; waited < 60_000; attempt++) {
      const delay = delayAfter(attempt, DEFAULT_RETRY, 0);
      const share = (DEFAULT_RETRY.multiplier - 1) * (waited + delay);
      expect(delay).toBeLessThanOrEqual(DEFAULT_RETRY.initialDelay + share);
      waited += delay;
    }
  });
});

describe("isRetriable()", () => {
  test("tells what waiting can mend from what it cannot", () => {
    for (
      const code of [
        "ECONNREFUSED",
        "ECONNRESET",
        "EHOSTUNREACH",
        "ENETUNREACH",
        "ETIMEDOUT",
        "EADDRNOTAVAIL",
        "ENOTFOUND",
        "EAI_AGAIN",
        "EMFILE",
        "ENFILE",
      ]
    ) {
      expect(isRetriable(codeError(code)), code).toBe(true);
    }
    for (
      const code of [
        "EACCES",
        "EPERM",
        "EAFNOSUPPORT",
        "EADDRINUSE",
        "ERR_INVALID_ARG_TYPE",
        undefined,
      ]
    ) {
      expect(isRetriable(Object.assign(new Error("no"), { code })), String(code)).toBe(false);
    }
    for (const value of [undefined, null, "ECONNREFUSED", 7]) expect(isRetriable(value)).toBe(false);
  });
  test("looks into the errors of a name's addresses", () => {
    expect(isRetriable(new AggregateError([codeError("EACCES"), codeError("ECONNREFUSED")]))).toBe(true);
    expect(isRetriable(new AggregateError([codeError("EACCES")]))).toBe(false);
  });
  test("knows Deno's errors that have no code", () => {
    expect(isRetriable(new Error("failed to lookup address information: Name or service not known"))).toBe(true);
    for (const code of ["DNS_ECONNREFUSED", "DNS_EREFUSED", "DNS_ETIMEOUT", "ESERVFAIL"]) {
      expect(isRetriable(codeError(code)), code).toBe(true);
    }
    expect(isRetriable(new Error("Too many open files (os error 24)"))).toBe(true);
  });
});
