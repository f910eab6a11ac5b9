import { describe, expect, test } from "vitest";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { commandFor, runForJson } from "../fixtures/runtime.ts";
import type { Outcome } from "../programs/reject_self.ts";

const HOSTNAMES = ["127.0.0.1", "::1", "localhost", "::ffff:127.0.0.1", "0.0.0.0"];

describe("in a namespace whose kernel connects every socket to itself", () => {
  for (const hostname of HOSTNAMES) {
    test.skipIf(noLab)(
      because(`connect() to ${hostname} rejects after three connects and frees the port`, noLab),
      async () => {
        const command = inLab(commandFor("tests/programs/reject_self.ts", [hostname, String(LAB_PORT)]));
        const outcomes = await runForJson<Record<string, Outcome>>(command);
        expect(Object.keys(outcomes).length).toBeGreaterThanOrEqual(3);
        for (const outcome of Object.values(outcomes)) {
          expect(outcome).toEqual({
            name: "SelfConnectError",
            code: "ECONNREFUSED",
            attempts: 3,
            isError: true,
            left: [],
            server: "bound",
          });
        }
      },
    );
  }
});
