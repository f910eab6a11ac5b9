import { jsonOf, subject } from "../child.ts";
import { figure, median, spread } from "../numbers.ts";
import type { Findings, Suite } from "../suite.ts";
import type { Comparison } from "../subjects/compare.ts";

const OURS = "realpeer sameEndpoint";
const MAX_NS = 100;

async function run(): Promise<Findings> {
  const [node, ...args] = subject("node", "compare");
  const { compares, isSelfConnection, allocated } = await jsonOf<Comparison>([node!, "--expose-gc", ...args]);
  const rows = Object.entries(compares).map(([name, { wrong, plain, mixed }]) => [
    name,
    figure(median(plain)),
    figure(median(mixed)),
    figure(spread(mixed).p95),
    wrong.length === 0 ? "all" : `not ${wrong.join(", ")}`,
  ]);
  const right = Object.entries(compares).filter(([, { wrong }]) => wrong.length === 0);
  const [fastest] = right.sort(([, a], [, b]) => median(a.mixed) - median(b.mixed))[0] ?? [];
  const perCall = median(isSelfConnection);
  return {
    tables: [{
      caption: "**comparing two addresses** on Node",
      columns: ["", "equal text, ns", "mixed spellings, ns", "p95", "right on"],
      rows,
    }],
    targets: [
      {
        text: `${fastest} is the fastest that is right on all spellings`,
        isMet: fastest === OURS,
      },
      {
        text: `isSelfConnection() of a connected socket takes ${figure(perCall)} ns (at most ${MAX_NS})`,
        isMet: perCall < MAX_NS,
      },
      {
        text: `isSelfConnection() allocates ${figure(allocated)} bytes a call where the ports differ`,
        isMet: allocated < 1,
      },
    ],
    notes: ["Fifteen interleaved rounds; a peer that throws on a spelling is wrong on it, and timed all the same."],
    data: { compares, isSelfConnection, allocated },
  };
}

export const comparison: Suite = { name: "comparison", title: "Endpoint comparison", run };
