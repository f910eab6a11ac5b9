import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { root } from "../../run.ts";
import { jsonOf, RUNTIMES, side } from "../child.ts";
import { compileC } from "../floor.ts";
import { figure, ratio, spread } from "../numbers.ts";
import type { Findings, Part, Table, Target } from "../part.ts";
import type { Taken } from "../sides/connects.ts";

const COUNT = 100;
const ROUNDS = 200;
const KINDS = ["connect and close", "refused"] as const;

/** Runs `use` while floor/listener.py accepts on a port. */
async function withListener<Result>(
  use: (port: number) => Promise<Result>,
): Promise<Result> {
  const listener = spawn("python3", [
    join(root, "scripts/bench/floor/listener.py"),
  ], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      listener.on("error", reject);
      createInterface({ input: listener.stdout }).once(
        "line",
        (line) => resolve(Number(line)),
      );
    });
    return await use(port);
  } finally {
    listener.kill();
  }
}

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

function rowsOf(
  measured: Measured,
  floor: Record<string, number[]>,
): string[][] {
  const rows = Object.entries(floor).map(([name, wall]) => {
    const { median, p95 } = spread(wall);
    return [name, figure(median), figure(p95), "", ""];
  });
  for (const [runtime, sides] of Object.entries(measured)) {
    const bare = sides["bare"]!;
    for (const [name, { wall, cpu }] of Object.entries(sides)) {
      const { median, p95 } = spread(wall);
      rows.push([
        `${runtime}: ${name}`,
        figure(median),
        figure(p95),
        ratio(wall, bare.wall).toFixed(3),
        ratio(cpu, bare.cpu).toFixed(3),
      ]);
    }
  }
  return rows;
}

function targetsOf(kind: string, measured: Measured): Target[] {
  return Object.entries(measured).flatMap(([runtime, sides]) =>
    ([["native", 1.05], ["portable", 1.3]] as const).map(
      ([name, limit]): Target => {
        const found = ratio(sides[name]!.wall, sides["bare"]!.wall);
        const text =
          `${kind}, ${runtime}: ${name} connect at most ${limit} times bare: ${
            found.toFixed(3)
          }`;
        return { text, isMet: found <= limit };
      },
    )
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
      const measured = await measure(port);
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
        rows: rowsOf(measured, floor),
      });
      targets.push(...targetsOf(kind, measured));
      data[kind] = { floor, measured };
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
