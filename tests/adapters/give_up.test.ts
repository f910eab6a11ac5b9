import { describe, expect, test } from "vitest";
import {
  because,
  inEmptyNamespace,
  inMuteResolverLab,
  inSilentLab,
  noLab,
  noMuteResolverLab,
  noSilentLab,
} from "../fixtures/lab.ts";
import { commandFor, root, runForJson, runtime } from "../fixtures/runtime.ts";
import type { Outcome } from "../programs/give_up.ts";
import type { Outcome as LateAccept } from "../programs/late_accept.ts";
import type { Outcome as Late } from "../programs/late_success.ts";

/** A port on which nobody answers in the namespaces here. */
const SILENT_PORT = 7;
const KINDS = runtime === "node" ? ["portable"] : ["portable", "node", runtime];
/** The most that a promise may settle after it was asked to, in milliseconds: what hangs here hangs for seconds. */
const TOLERANCE_MS = 500;

interface Expectation {
  readonly after: number;
  readonly isReason?: boolean;
  readonly attempts?: number | "several";
  /** Whether something is dialed when it is given up. */
  readonly dials?: boolean;
}

const WITHOUT_ANSWER: Record<string, Expectation> = {
  "aborted before": { after: 0, isReason: true, dials: false },
  "aborted at once": { after: 1, isReason: true },
  "aborted during connect": { after: 300, isReason: true },
  "aborted during connect with retry": { after: 300, isReason: true },
  "aborted during a pause": { after: 300, isReason: true, dials: false },
  "timeout": { after: 300, attempts: 1 },
  "timeout with retry": { after: 300, attempts: "several" },
  "attemptTimeout": { after: 300, attempts: 1 },
};
const WITHOUT_NAME_SERVER: Record<string, Expectation> = {
  "aborted during DNS": { after: 300, isReason: true },
  "timeout during DNS": { after: 300, attempts: 1 },
};

/** Bun.connect cannot be cancelled: its socket stays, and the process lives, until the kernel gives up after minutes. */
function isPendingForMinutes(kind: string, { after, dials = true }: Expectation): boolean {
  return kind === "bun" && dials && after > 0;
}

async function expectGivenUp(command: string[], expectation: Expectation, leavesNothing: boolean): Promise<void> {
  const { after, isReason = false, attempts } = expectation;
  const outcome = await runForJson<Outcome>(command, { limit: 15_000 });
  expect(outcome.elapsed).toBeGreaterThanOrEqual(after - 2);
  expect(outcome.elapsed - Math.max(after, outcome.control)).toBeLessThan(TOLERANCE_MS);
  expect(outcome.isReason).toBe(isReason);
  if (leavesNothing) expect(outcome.left).toEqual([]);
  if (isReason) return;
  expect(outcome).toMatchObject({ name: "ConnectTimeoutError", code: "ETIMEDOUT" });
  if (attempts !== "several") return expect(outcome.attempts).toBe(attempts);
  expect(outcome.attempts).toBeGreaterThan(1);
  expect(outcome.causeName).toBe("ConnectTimeoutError");
}

describe("where nobody answers", () => {
  for (const kind of KINDS) {
    for (const [scenario, expectation] of Object.entries(WITHOUT_ANSWER)) {
      const isPending = isPendingForMinutes(kind, expectation);
      const rest = isPending ? "" : ", leaves nothing, lets the process end";
      const name = because(`${kind} connect(): ${scenario}: rejects in time${rest}`, noSilentLab);
      test.skipIf(noSilentLab)(name, async () => {
        const args = [kind, scenario, String(SILENT_PORT), String(expectation.after), isPending ? "exit" : "end"];
        const command = inSilentLab(SILENT_PORT, commandFor("tests/programs/give_up.ts", args));
        await expectGivenUp(command, expectation, !isPending);
      });
    }
    const name = because(`${kind} connect() leaves nothing of an attempt that succeeds after its time`, noSilentLab);
    test.skipIf(noSilentLab)(name, async () => {
      const args = [kind, String(SILENT_PORT)];
      const outcome = await runForJson<Late>(
        inSilentLab(SILENT_PORT, commandFor("tests/programs/late_success.ts", args)),
      );
      // Only Bun.connect cannot take its SYN back: there the server sees a connection, and then its reset.
      expect(outcome).toEqual({ code: "ETIMEDOUT", accepted: kind === "bun" ? 1 : 0, open: 0 });
    });
  }
});

describe("where no name server answers", () => {
  for (const kind of KINDS) {
    for (const [scenario, expectation] of Object.entries(WITHOUT_NAME_SERVER)) {
      const name = because(`${kind} connect(): ${scenario}: rejects in time`, noMuteResolverLab);
      test.skipIf(noMuteResolverLab)(name, async () => {
        const args = [kind, scenario, String(SILENT_PORT), String(expectation.after)];
        await expectGivenUp(inMuteResolverLab(commandFor("tests/programs/give_up.ts", args)), expectation, true);
      });
    }
  }
});

describe("where the kernel completes a connect in the moment in which it is given up", () => {
  // A pending Bun.connect cannot be cancelled: the core closes what comes of it.
  for (const kind of KINDS) {
    test.skipIf(noLab)(because(`${kind} connect() leaves no socket`, noLab), async () => {
      const program = commandFor("tests/programs/late_accept.ts", [kind, `${root}tests/programs/full_server.py`]);
      const outcome = await runForJson<LateAccept>(inEmptyNamespace(program));
      expect(outcome.left).toEqual([]);
      expect(outcome.givenUp).toBeGreaterThan(0);
    });
  }
});
