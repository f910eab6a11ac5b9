import { describe, expect, test } from "vitest";
import { tlsPeer } from "../../src/core/tls_peer.ts";

describe("tlsPeer()", () => {
  const cases: readonly [hostname: string, host: string, servername: string][] = [
    ["db.example", "db.example", "db.example"],
    ["db.example.", "db.example", "db.example"],
    ["127.0.0.1", "127.0.0.1", ""],
    ["::1", "::1", ""],
    ["fe80::1%eth0.1", "fe80::1", ""],
    ["::ffff:10.0.0.1", "10.0.0.1", ""],
    ["::ffff:7f00:1", "127.0.0.1", ""],
  ];
  for (const [hostname, host, servername] of cases) {
    test(`of ${hostname}`, () => expect(tlsPeer(hostname)).toEqual({ host, servername }));
  }
});
