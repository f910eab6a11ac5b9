import { describe, expect, test } from "vitest";
import { because, inDualStackLab, inEmptyNamespace, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { commandFor, runForJson, runtime, STEADY_HEAP } from "../fixtures/runtime.ts";
import type { Outcome as Natural } from "../programs/natural_range.ts";
import type { Outcome as Rejected } from "../programs/reject_self.ts";
import type { Outcome as Retried } from "../programs/retry_until_real.ts";

const KINDS = runtime === "node" ? ["portable"] : ["portable", "node", runtime];

describe("in a namespace whose kernel connects every socket to itself", () => {
  for (const hostname of ["127.0.0.1", "::1", "localhost", "::ffff:127.0.0.1", "0.0.0.0", "::"]) {
    test.skipIf(noLab)(
      because(`connect() to ${hostname} rejects after three connects and frees the port`, noLab),
      async () => {
        const command = inLab(commandFor("tests/programs/reject_self.ts", [hostname, String(LAB_PORT)]));
        const outcomes = await runForJson<Record<string, Rejected>>(command);
        expect(Object.keys(outcomes).length).toBeGreaterThanOrEqual(4);
        for (const [name, outcome] of Object.entries(outcomes)) {
          const rejected = {
            name: "SelfConnectError",
            code: "ECONNREFUSED",
            attempts: 3,
            isError: true,
            left: [],
            server: "bound",
          };
          expect({ connect: name, ...outcome }).toEqual({ connect: name, ...rejected });
        }
      },
    );
  }

  const servers: [hostname: string, serverAddress: string][] = [
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["localhost", "127.0.0.1"],
    ["localhost", "::1"],
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "0.0.0.0"],
  ];
  for (const [hostname, address] of servers) {
    for (const kind of KINDS) {
      const name = `${kind} connect() to ${hostname} with retry goes on until a real server listens on ${address}`;
      test.skipIf(noLab)(because(name, noLab), async () => {
        const args = [hostname, address, String(LAB_PORT), kind];
        const outcome = await runForJson<Retried>(
          inDualStackLab(commandFor("tests/programs/retry_until_real.ts", args)),
        );
        expect(outcome).toMatchObject({ accepted: true, leftBefore: [], isListening: true });
        expect(outcome.selfConnects).toBeGreaterThan(3);
      });
    }
  }
});

describe("in the kernel's own ephemeral range", () => {
  for (const kind of KINDS) {
    const name = `${kind} connect() lets none of 30,000 attempts through and leaves nothing behind`;
    test.skipIf(noLab)(because(name, noLab), async () => {
      const args = [kind, "41000", "30000"];
      const command = commandFor("tests/programs/natural_range.ts", args, STEADY_HEAP);
      const outcome = await runForJson<Natural>(inEmptyNamespace(command));
      expect(outcome).toMatchObject({ attempts: 30_000, connected: 0, otherErrors: [], left: [], newDescriptors: 0 });
      expect(outcome.growth).toBeLessThan(10);
      console.log(`${kind}: ${outcome.selfConnects} self-connections rejected, ${outcome.growth.toFixed(1)} MiB`);
    });
  }
});
