import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { root } from "../../run.ts";
import { jsonOf, RUNTIMES, subject } from "../child.ts";
import { compileC } from "../baseline.ts";
import { withListener } from "../listener.ts";
import { figure, ratio, type Spread, spread } from "../numbers.ts";
import type { Findings, Suite, Table, Target } from "../suite.ts";
import type { Taken } from "../subjects/connects.ts";

const COUNT = 100;
const ROUNDS = 200;
const KINDS = ["connect and close", "refused"] as const;

/** A port without a listener; odd, as the kernel gives them to servers, so no client is given it. */
function deadPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function baselines(port: number): Promise<Record<string, number[]>> {
  const args = ["127.0.0.1", `${port}`, `${COUNT * 10}`, `${ROUNDS / 10}`];
  return {
    C: await jsonOf<number[]>([await compileC("connects"), ...args]),
    Python: await jsonOf<number[]>(["python3", join(root, "scripts/bench/baseline/connects.py"), ...args]),
  };
}

type Measured = Record<string, Record<string, Taken>>;

async function measure(port: number): Promise<Measured> {
  const measured: Measured = {};
  for (const runtime of RUNTIMES) {
    measured[runtime] = await jsonOf<Record<string, Taken>>(
      subject(runtime, "connects", [`${port}`, `${COUNT}`, `${ROUNDS}`]),
    );
  }
  return measured;
}

/** What one subject took, and how that compares with the bare call of its runtime. */
interface Summary extends Spread {
  readonly label: string;
  readonly timesBare: number | null;
  readonly cpuTimesBare: number | null;
}

function summariesOf(measured: Measured, baseline: Record<string, number[]>): Summary[] {
  const baselines = Object.entries(baseline).map(([label, wall]): Summary => (
    { label, ...spread(wall), timesBare: null, cpuTimesBare: null }
  ));
  const subjects = Object.entries(measured).flatMap(([runtime, subjects]) =>
    Object.entries(subjects).map(([name, { wall, cpu }]): Summary => ({
      label: `${runtime}: ${name}`,
      ...spread(wall),
      timesBare: ratio(wall, subjects["bare"]!.wall),
      cpuTimesBare: ratio(cpu, subjects["bare"]!.cpu),
    }))
  );
  return [...baselines, ...subjects];
}

const times = (value: number | null): string => value === null ? "" : value.toFixed(3);

function rowOf({ label, median, p95, timesBare, cpuTimesBare }: Summary): string[] {
  return [label, figure(median), figure(p95), times(timesBare), times(cpuTimesBare)];
}

/** What each way of connecting may take at most, in times of another one. */
const LIMITS = [
  { name: "native", base: "bare + one getsockname call", limit: 1.03 },
  { name: "native, timeout", base: "bare", limit: 1.15 },
  { name: "native, retry", base: "bare", limit: 1.15 },
  { name: "portable", base: "bare", limit: 1.15, bunLimit: 1.25 },
] as const;

function targetsOf(kind: string, measured: Measured): Target[] {
  return RUNTIMES.flatMap((runtime) =>
    LIMITS.map(({ name, base, ...limits }): Target => {
      const limit = runtime === "bun" && "bunLimit" in limits ? limits.bunLimit : limits.limit;
      const found = ratio(measured[runtime]![name]!.wall, measured[runtime]![base]!.wall);
      return {
        text: `${kind}, ${runtime}: ${name} at most ${limit} times ${base}: ${times(found)}`,
        isMet: found <= limit,
      };
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
      const baseline = await baselines(port);
      const measured = await measure(port);
      const summaries = summariesOf(measured, baseline);
      const columns = ["", "median µs", "p95 µs", "times bare", "CPU times bare"];
      tables.push({ caption: `**${kind}**, on 127.0.0.1, one after another`, columns, rows: summaries.map(rowOf) });
      targets.push(...targetsOf(kind, measured));
      data[kind] = summaries;
    });
  }
  const each = (COUNT * ROUNDS).toLocaleString("en");
  const notes = [
    `${each} connects a subject, in ${ROUNDS} rounds of ${COUNT} in random order; ratios are medians of the rounds' ratios`,
    "the listener's own count, and the error codes, were equal for all subjects before anything was timed",
  ];
  return { tables, targets, notes, data };
}

/** What the guard adds to one connect. */
export const overhead: Suite = { name: "overhead", title: "What the guard costs", run };
