import { jsonOf, subject } from "./child.ts";
import { compileC } from "./baseline.ts";
import { figure } from "./numbers.ts";
import type { Table } from "./suite.ts";
import { callOf, delays, summaries } from "./waits.ts";

const RUNS = 16;
const PAUSES = [5, 10, 20, 40, 80, 160];

/** What a pause between attempts buys and costs, and what it costs at least. */
export interface Frontier {
  readonly label: string;
  readonly pause: number;
  readonly median: number;
  readonly cpuPerSecond: number;
}

/** Measures the pauses of ours and of what cannot be gone below. */
export async function frontier(): Promise<Frontier[]> {
  const retry = (pause: number): string => JSON.stringify({ initialDelay: pause, multiplier: 1, jitter: 0 });
  const calls = Object.fromEntries(PAUSES.map((pause) => [`${pause}`, callOf("node", retry(pause))]));
  const points = (await summaries(calls, delays(RUNS, 200, 1200))).map(
    (found): Frontier => (
      {
        label: "realpeer, constant pause",
        pause: Number(found.label),
        median: found.median,
        cpuPerSecond: found.cpuPerSecond,
      }
    ),
  );
  const connects = await compileC("connects");
  const looks = await compileC("looks");
  for (const pause of PAUSES) {
    const count = `${Math.round(1000 / pause)}`;
    const [c] = await jsonOf<number[]>([connects, "127.0.0.1", "9", count, "1", `${pause}`]);
    const { perTick } = await jsonOf<{ perTick: number }>(subject("node", "empty_timer", [`${pause}`, count]));
    // These find no server: a poll that sees every change is late by half a pause.
    const baseline = { pause, median: pause / 2 };
    points.push({ label: "C, connect() and usleep()", ...baseline, cpuPerSecond: c! / pause });
    const perLook = await jsonOf<number>([looks, `${pause}`, count]);
    points.push({ label: "C, usleep() and a look", ...baseline, cpuPerSecond: perLook / pause });
    points.push({ label: "Node, empty timer", ...baseline, cpuPerSecond: perTick / pause });
  }
  return points;
}

export function frontierTable(points: readonly Frontier[]): Table {
  const labels = [...new Set(points.map(({ label }) => label))];
  const rows = PAUSES.map((pause) => {
    const at = (label: string): Frontier => points.find((point) => point.pause === pause && point.label === label)!;
    return [`${pause} ms`, figure(at(labels[0]!).median), ...labels.map((label) => figure(at(label).cpuPerSecond))];
  });
  const columns = ["pause", "median ms", ...labels.map((label) => `CPU ms/s: ${label}`)];
  return { caption: "**The frontier** of latency against CPU time, and the baseline beneath it", columns, rows };
}
