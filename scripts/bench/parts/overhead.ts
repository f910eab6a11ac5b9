import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { root } from "../../run.ts";
import { jsonOf, RUNTIMES, side } from "../child.ts";
import { compileC } from "../floor.ts";
import { withListener } from "../listener.ts";
import { figure, ratio, type Spread, spread } from "../numbers.ts";
import type { Findings, Part, Table, Target } from "../part.ts";
import type { Taken } from "../sides/connects.ts";

const COUNT = 100;
const ROUNDS = 200;
const KINDS = ["connect and close", "refused"] as const;

/** A port on which nobody listens; odd, as the kernel gives them to servers, so no client is ever given it. */
function deadPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function floors(port: number): Promise<Record<string, number[]>> {
  const args = ["127.0.0.1", `${port}`, `${COUNT * 10}`, `${ROUNDS / 10}`];
  return {
    C: await jsonOf<number[]>([await compileC("connects"), ...args]),
    Python: await jsonOf<number[]>([
      "python3",
      join(root, "scripts/bench/floor/connects.py"),
      ...args,
    ]),
  };
}

type Measured = Record<string, Record<string, Taken>>;

async function measure(port: number): Promise<Measured> {
  const measured: Measured = {};
  for (const runtime of RUNTIMES) {
    measured[runtime] = await jsonOf<Record<string, Taken>>(
      side(runtime, "connects", [`${port}`, `${COUNT}`, `${ROUNDS}`]),
    );
  }
  return measured;
}

/** What one side took, and how that compares with the bare call of its runtime. */
interface Summary extends Spread {
  readonly label: string;
  readonly timesBare: number | null;
  readonly cpuTimesBare: number | null;
}

function summariesOf(measured: Measured, floor: Record<string, number[]>): Summary[] {
  const floors = Object.entries(floor).map(([label, wall]): Summary => (
    { label, ...spread(wall), timesBare: null, cpuTimesBare: null }
  ));
  const sides = Object.entries(measured).flatMap(([runtime, sides]) =>
    Object.entries(sides).map(([name, { wall, cpu }]): Summary => ({
      label: `${runtime}: ${name}`,
      ...spread(wall),
      timesBare: ratio(wall, sides["bare"]!.wall),
      cpuTimesBare: ratio(cpu, sides["bare"]!.cpu),
    }))
  );
  return [...floors, ...sides];
}

const times = (value: number | null): string => value === null ? "" : value.toFixed(3);

function rowOf({ label, median, p95, timesBare, cpuTimesBare }: Summary): string[] {
  return [label, figure(median), figure(p95), times(timesBare), times(cpuTimesBare)];
}

function targetsOf(kind: string, summaries: readonly Summary[]): Target[] {
  return RUNTIMES.flatMap((runtime) =>
    ([["native", 1.05], ["portable", 1.3]] as const).map(([name, limit]): Target => {
      const found = summaries.find(({ label }) => label === `${runtime}: ${name}`)!.timesBare!;
      const text = `${kind}, ${runtime}: ${name} connect at most ${limit} times bare: ${times(found)}`;
      return { text, isMet: found <= limit };
    })
  );
}

async function run(): Promise<Findings> {
  const ports: Record<
    string,
    (use: (port: number) => Promise<void>) => Promise<void>
  > = {
    "connect and close": withListener,
    refused: async (use) => await use(await deadPort()),
  };
  const tables: Table[] = [];
  const targets: Target[] = [];
  const data: Record<string, unknown> = {};
  for (const kind of KINDS) {
    await ports[kind]!(async (port) => {
      const floor = await floors(port);
      const summaries = summariesOf(await measure(port), floor);
      const columns = [
        "",
        "median µs",
        "p95 µs",
        "times bare",
        "CPU times bare",
      ];
      tables.push({
        caption: `**${kind}**, on 127.0.0.1, one after another`,
        columns,
        rows: summaries.map(rowOf),
      });
      targets.push(...targetsOf(kind, summaries));
      data[kind] = summaries;
    });
  }
  const each = (COUNT * ROUNDS).toLocaleString("en");
  const notes = [
    `${each} connects a side, in ${ROUNDS} rounds of ${COUNT} in random order; ratios are medians of the rounds' ratios`,
    "the listener's own count, and the error codes, were equal for all sides before anything was timed",
  ];
  return { tables, targets, notes, data };
}

/** What the guard adds to one connect. */
export const overhead: Part = {
  name: "overhead",
  title: "What the guard costs",
  run,
};
