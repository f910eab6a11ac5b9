import { inEmptyNamespace } from "../../../tests/fixtures/lab.ts";
import { jsonOf, RUNTIMES, subject } from "../child.ts";
import { figure, median } from "../numbers.ts";
import type { Findings, Suite, Table, Target } from "../suite.ts";
import type { ManyWaiters } from "../subjects/many_waiters.ts";
import type { Refusals } from "../subjects/refusals.ts";

const WAITERS = [1000, 10_000];
const BLOCKS = 10;
const PER_BLOCK = 100_000;
const BARE_PER_BLOCK = 20_000;
const DEAD_PORT = 41000;
/** How much dearer the last blocks may be than the first and still be called flat. */
const FLAT = 1.15;

async function waiters(targets: Target[], data: Record<string, unknown>): Promise<Table> {
  const rows: string[][] = [];
  for (const runtime of RUNTIMES) {
    for (const count of WAITERS) {
      const result = await jsonOf<ManyWaiters>(subject(runtime, "many_waiters", [String(count)]));
      data[`${runtime}, ${count} waiters`] = result;
      const { failed, cpuMs, perWaiter, newDescriptors, lastReport, attempts } = result;
      rows.push([
        `${runtime}: ${count}`,
        `${failed}`,
        figure(cpuMs),
        figure(perWaiter),
        `${newDescriptors}`,
        figure(lastReport),
        `${attempts}`,
      ]);
      targets.push({
        text: `${count} waitForPort() at once on ${runtime}: ${failed} failed, ${newDescriptors} descriptors left`,
        isMet: failed === 0 && newDescriptors <= 0,
      });
    }
  }
  const columns = ["", "failed", "CPU ms in 10 s", "KiB each", "descriptors left", "last report, ms", "attempts"];
  return { caption: "**many `waitForPort()` at once** in one process", columns, rows };
}

async function refusals(targets: Target[], data: Record<string, unknown>): Promise<Table> {
  const rows: string[][] = [];
  for (const runtime of RUNTIMES) {
    const args = [DEAD_PORT, BLOCKS, PER_BLOCK, BARE_PER_BLOCK].map(String);
    const result = await jsonOf<Refusals>(inEmptyNamespace(subject(runtime, "refusals", args)));
    data[`${runtime}, refusals`] = result;
    const { guarded, bare, guardedConnected, newDescriptors, rssMiB } = result;
    // Against the bare call of the same block, so that a drift of the machine is none of ours.
    const over = guarded.map((value, block) => value / bare[block]!);
    const drift = median(over.slice(-3)) / median(over.slice(0, 3));
    const growth = rssMiB.at(-1)! - rssMiB[0]!;
    rows.push([
      runtime,
      figure(median(guarded)),
      figure(median(bare)),
      median(over).toFixed(3),
      drift.toFixed(3),
      figure(growth),
    ]);
    targets.push({
      text: `${BLOCKS * PER_BLOCK} refused attempts on ${runtime}: ${guardedConnected} let through, ` +
        `${newDescriptors} descriptors left, the last 3 blocks cost ${drift.toFixed(2)} times the first 3`,
      isMet: guardedConnected === 0 && newDescriptors <= 0 && drift < FLAT,
    });
  }
  const columns = ["", "guarded µs", "bare µs", "times bare", "last over first", "MiB grown"];
  return { caption: `**${BLOCKS * PER_BLOCK} refused attempts** in one process`, columns, rows };
}

async function run(): Promise<Findings> {
  const targets: Target[] = [];
  const data: Record<string, unknown> = {};
  const tables = [await waiters(targets, data), await refusals(targets, data)];
  const notes = [
    "The waiters dial one dead port of 127.0.0.1; the server starts ten seconds after the last of them.",
    "The attempts are made in a network namespace of their own with the kernel's default range.",
  ];
  return { tables, targets, notes, data };
}

export const scale: Suite = { name: "scale", title: "Scale", run };
