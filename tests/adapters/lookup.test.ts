import type { LookupFunction } from "node:net";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/adapters/node.ts";
import { lookupWith } from "../../src/adapters/node/lookup.ts";

/** A caller's function that finds these addresses. */
const finding = (...found: string[]): LookupFunction => (_hostname, _options, callback) =>
  callback(null, found.map((address) => ({ address, family: 4 })));

describe("a lookup function of the caller's", () => {
  test("may find one address or several", async () => {
    const one: LookupFunction = (_hostname, _options, callback) => callback(null, "10.0.0.1", 4);
    expect(await lookupWith({ lookup: one })("db")).toEqual(["10.0.0.1"]);
    expect(await lookupWith({ lookup: finding("10.0.0.1", "10.0.0.2") })("db")).toEqual(["10.0.0.1", "10.0.0.2"]);
  });

  for (const options of [{}, { retry: { maxAttempts: 2, initialDelay: 1 } }, { attemptTimeout: 100 }]) {
    test(`that finds none fails the attempt (${JSON.stringify(options)})`, async () => {
      const connecting = connect({ host: "db", port: 1, lookup: finding(), ...options });
      await expect(connecting).rejects.toBeInstanceOf(Error);
    });
  }

  test("that finds none is a name that does not resolve", async () => {
    await expect(lookupWith({ lookup: finding() })("db")).rejects.toMatchObject({
      code: "ENOTFOUND",
      message: "Cannot look up db: it has no address",
    });
  });
});
