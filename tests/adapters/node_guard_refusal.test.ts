import { beforeAll, describe, expect, test } from "vitest";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { commandFor, runForJson } from "../fixtures/runtime.ts";
import type { Report } from "../programs/client_events.ts";

/** Outside of the lab's ephemeral range. */
const REFUSED_PORT = 39999;

interface Printed {
  readonly reports: Readonly<Record<string, { readonly refused: Report; readonly self: Report }>>;
  readonly redials: readonly string[];
  readonly twice: readonly string[];
}

const KINDS = [
  ...["createConnection(port, host)", "createConnection(options)", "allowHalfOpen", "one address only"],
  ...["written and ended before", "paused before", "guardSocket, then connect"],
  ...["guardSocket of one that is connecting", "guarded twice", "a subclass"],
  "emit('connect') by other code before",
  ...["TLS", "TLS, written before", "TLS over createConnection"],
];

for (const hostname of ["127.0.0.1", "::1", "localhost"]) {
  describe.skipIf(noLab)(because(`a self-connection to ${hostname} reports what a refusal reports`, noLab), () => {
    let printed!: Printed;
    beforeAll(async () => {
      const args = [hostname, String(REFUSED_PORT), String(LAB_PORT)];
      printed = await runForJson(inLab(commandFor("tests/programs/client_events.ts", args)));
    });

    for (const kind of hostname === "localhost" ? KINDS : [...KINDS, "two addresses, both dead"]) {
      test(kind, () => {
        const { refused, self } = printed.reports[kind]!;
        expect(self.events).toEqual(refused.events);
        expect(self.error.name).toBe("SelfConnectError");
        expect(self.error.code).toBe("ECONNREFUSED");
        expect(self.error.port).toBe(LAB_PORT);
        expect(self.left).toEqual([]);
        expect([refused.published, self.published]).toEqual([0, 1]);
      });
    }

    test("a socket that dials again from its 'error' listener is guarded each time", () => {
      expect(printed.redials).toEqual(["SelfConnectError", "SelfConnectError", "SelfConnectError"]);
    });

    test("a socket whose connect is called twice never connects to itself", () => {
      expect(printed.twice.length).toBeGreaterThan(0);
      expect(printed.twice).not.toContain("connect");
    });
  });
}
