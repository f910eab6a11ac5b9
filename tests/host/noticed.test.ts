import { describe, expect, test } from "vitest";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { commandFor, runForJson } from "../fixtures/runtime.ts";
import type { Outcome } from "../programs/wait_hinted.ts";

/** Without the hint it would be half a second: the dials are so far apart by then. */
const SOON_MS = 300;
/** The longest pause between dials, and as much again for a busy machine. */
const SCHEDULE_MS = 4000;

async function notice(...args: string[]): Promise<Outcome> {
  const [hostname, serverAddress, ...rest] = args as [string, string, ...string[]];
  const program = commandFor("tests/programs/wait_hinted.ts", [hostname, serverAddress, String(LAB_PORT), ...rest]);
  return await runForJson<Outcome>(inLab(program));
}

describe("waitForPort() in a namespace whose kernel connects every socket to itself", () => {
  const cases: [hostname: string, serverAddress: string][] = [
    ["127.0.0.1", "127.0.0.1"],
    ["127.0.0.1", "0.0.0.0"],
    ["127.0.0.1", "::"],
    ["::1", "::1"],
    ["localhost", "127.0.0.1"],
    ["10.9.8.7", "10.9.8.7"],
  ];
  for (const [hostname, serverAddress] of cases) {
    const name = `notices at ${hostname} a server that begins to listen on ${serverAddress}, with few dials`;
    test.skipIf(noLab)(because(name, noLab), async () => {
      const { attempts, selfConnects, late, leftBefore } = await notice(hostname, serverAddress);
      expect(late).toBeLessThan(SOON_MS);
      // Without the hint there are 30 dials in that time.
      expect(attempts).toBeLessThanOrEqual(12);
      expect(selfConnects).toBeLessThan(attempts);
      expect(leftBefore).toEqual([]);
    });
  }

  test.skipIf(noLab)(because("notices a server that takes another listener's place in the count", noLab), async () => {
    const { late } = await notice("127.0.0.1", "127.0.0.1", "replace");
    expect(late).toBeLessThan(SCHEDULE_MS);
  });
});
