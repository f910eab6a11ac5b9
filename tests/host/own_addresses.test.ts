import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { isOnThisHost } from "../../src/host/own_addresses.ts";

describe("isOnThisHost()", () => {
  const mayNotList = (): boolean => false;
  const local = [
    "localhost",
    "LocalHost",
    "localhost.",
    "db.localhost",
    "db.localhost.",
    "127.0.0.1",
    "127.9.8.7",
    "0.0.0.0",
    "::1",
    "0:0::1",
    "::",
  ];
  for (const hostname of [...local, "::ffff:127.0.0.1"]) {
    test(`knows ${hostname}, without asking for the interfaces`, () => {
      expect(isOnThisHost(hostname, mayNotList)).toBe(true);
    });
  }

  for (const hostname of ["192.0.2.1", "2001:db8::1", "db", "localhost.example", "mylocalhost", "127.0.0.1.example"]) {
    test(`is not certain of ${hostname}`, () => {
      expect(isOnThisHost(hostname, () => true)).toBe(false);
    });
  }

  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []).find(({ internal }) => !internal);
  test.skipIf(own === undefined)(
    "knows this host's own addresses, where it may ask (skipped without a network)",
    () => {
      expect([isOnThisHost(own!.address, () => true), isOnThisHost(own!.address, mayNotList)]).toEqual([true, false]);
    },
  );
});
