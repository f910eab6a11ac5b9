import { expect, test } from "vitest";
import { because, inLab, noLab } from "../fixtures/lab.ts";
import { commandFor, runForJson, runtime } from "../fixtures/runtime.ts";
import type { Outcome } from "../programs/soak.ts";

/** `npm run soak` sets more attempts and smaller steps. */
const ATTEMPTS = process.env["REALPEER_SOAK_ATTEMPTS"] ?? "3000";
const STEP_MS = process.env["REALPEER_SOAK_STEP_MS"] ?? "5";
const LIMIT_MS = 3_600_000;

for (const kind of runtime === "node" ? ["portable"] : ["portable", "node", runtime]) {
  const name = `${kind} connect(): nothing false gets through a flapping port, and nothing that is given up is left`;
  test.skipIf(noLab)(because(name, noLab), { timeout: LIMIT_MS }, async () => {
    const command = inLab(commandFor("tests/programs/soak.ts", [kind, ATTEMPTS, STEP_MS]));
    const outcome = await runForJson<Outcome>(command, { limit: LIMIT_MS });
    console.log(`${kind}: ${JSON.stringify(outcome)}`);
    expect(outcome).toMatchObject({ falseConnections: 0, otherErrors: [], leftConnected: [], leftOnPort: [] });
    // What gets through, what is refused and what is given up must all have happened.
    expect(Math.min(outcome.connected, outcome.refused, outcome.givenUp)).toBeGreaterThan(0);
  });
}
