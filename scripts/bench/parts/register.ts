import { join } from "node:path";
import { buildFolder, Conversation, type Runtime, RUNTIMES, side } from "../child.ts";
import { figure, median, ratio, shuffled } from "../numbers.ts";
import type { Findings, Part, Target } from "../part.ts";
import type { Answer } from "../sides/dials.ts";
import { withListener } from "../listener.ts";

const ROUNDS = 100;
const COUNT = 200;
const MAX_RATIO = 1.05;

/** The flag with which each runtime loads a module before the program. */
const PRELOAD: Readonly<Record<Runtime, string>> = {
  node: "--import",
  deno: "--preload",
  bun: "--preload",
};

function command(
  runtime: Runtime,
  port: number,
  isRegistered: boolean,
): string[] {
  const [file, ...args] = side(runtime, "dials", [`${port}`]) as [
    string,
    ...string[],
  ];
  if (!isRegistered) return [file, ...args];
  const preload = [PRELOAD[runtime], join(buildFolder, "src/api/register.js")];
  // `deno run` takes its flags behind the subcommand.
  return runtime === "deno" ? [file, args[0]!, ...preload, ...args.slice(1)] : [file, ...preload, ...args];
}

async function measure(
  runtime: Runtime,
  port: number,
): Promise<{ bare: Answer[]; registered: Answer[] }> {
  const taken = { bare: [] as Answer[], registered: [] as Answer[] };
  const talks = {
    bare: new Conversation<{ count: number }, Answer>(
      command(runtime, port, false),
    ),
    registered: new Conversation<{ count: number }, Answer>(
      command(runtime, port, true),
    ),
  };
  for (const talk of Object.values(talks)) {
    await talk.ready;
    await talk.ask({ count: 1000 });
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of shuffled(["bare", "registered"] as const)) {
      taken[name].push(await talks[name].ask({ count: COUNT }));
    }
  }
  for (const talk of Object.values(talks)) await talk.end();
  return taken;
}

async function run(): Promise<Findings> {
  const rows: string[][] = [];
  const targets: Target[] = [];
  const data: Record<string, unknown> = {};
  await withListener(async (port) => {
    for (const runtime of RUNTIMES) {
      const { bare, registered } = await measure(runtime, port);
      const wall = ratio(
        registered.map(({ wall }) => wall),
        bare.map(({ wall }) => wall),
      );
      const cpu = ratio(
        registered.map(({ cpu }) => cpu),
        bare.map(({ cpu }) => cpu),
      );
      const medians = [bare, registered].map((answers) => median(answers.map(({ wall }) => wall)));
      data[runtime] = { bare: medians[0], registered: medians[1], wall, cpu };
      rows.push([
        runtime,
        figure(medians[0]!),
        figure(medians[1]!),
        wall.toFixed(3),
        cpu.toFixed(3),
      ]);
      targets.push({
        text: `/register costs ${wall.toFixed(3)} times bare on ${runtime} (at most ${MAX_RATIO})`,
        isMet: wall <= MAX_RATIO,
      });
    }
  });
  return {
    tables: [{
      caption: `**${ROUNDS * COUNT} connect and close** through node:net, alone and under /register`,
      columns: [
        "",
        "alone µs",
        "registered µs",
        "times alone",
        "CPU times alone",
      ],
      rows,
    }],
    targets,
    notes: [
      "Two processes of each runtime that take turns; each ratio is the median over rounds.",
    ],
    data,
  };
}

export const register: Part = {
  name: "register",
  title: "Process-wide guard",
  run,
};
