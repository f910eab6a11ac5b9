import { join } from "node:path";
import { inEmptyNamespace } from "../../../tests/fixtures/lab.ts";
import { root } from "../../run.ts";
import { packageFolder } from "../build.ts";
import { jsonOf, subject } from "../child.ts";
import { figure, ratio, spread } from "../numbers.ts";
import type { Findings, Suite } from "../suite.ts";
import type { Scans } from "../subjects/scans.ts";

const SOCKETS = 50_000;
const ROUNDS = 11;

async function run(): Promise<Findings> {
  const main = join(packageFolder, "script/src/cli/main.js");
  const manySockets = join(root, "scripts/bench/many_sockets.py");
  const command = subject("node", "scans", [main, manySockets, `${SOCKETS}`, `${ROUNDS}`]);
  const { ss, scan, sockets } = await jsonOf<Scans>(inEmptyNamespace(command));
  const times = ratio(scan, ss);
  const rows = Object.entries({
    "ss -tanp": ss,
    "realpeer scan, on Node": scan,
  }).map(([name, taken]) => {
    const { median, p95 } = spread(taken);
    return [name, figure(median), figure(p95)];
  });
  return {
    tables: [{
      caption: `**a host with ${sockets} sockets**, one of them connected to itself`,
      columns: ["", "median ms", "p95 ms"],
      rows,
    }],
    targets: [{ text: `realpeer scan takes ${times.toFixed(2)} times ss -tanp (at most 1)`, isMet: times <= 1 }],
    notes: ["Whole commands, start-up included; both find the one self-connection and its process in every round."],
    data: { ss: spread(ss), scan: spread(scan), times, sockets },
  };
}

export const scan: Suite = { name: "scan", title: "scan", run };
