import { beforeAll, describe, vi } from "vitest";
import type { Hint } from "../../src/core/attempt.ts";
import { lyingHints } from "../fixtures/fake_hints.ts";
import { describeWaiting } from "../fixtures/waiting.ts";

const hinted = vi.hoisted((): { hint: Hint | null } => ({ hint: null }));
vi.mock("../../src/api/local_hint.ts", () => ({ openLocalHint: () => hinted.hint }));

for (const [lie, hint] of Object.entries(lyingHints)) {
  describe(`with a hint that ${lie}`, () => {
    beforeAll(() => {
      hinted.hint = hint;
    });
    describeWaiting("waitForPort()");
  });
}
