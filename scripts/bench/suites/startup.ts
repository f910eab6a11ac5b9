import { createServer, type Server } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../run.ts";
import { packageFolder } from "../build.ts";
import { buildFolder, Conversation, onRuntime, type Runtime, RUNTIMES, subject } from "../child.ts";
import { commandTools, peers } from "../peers.ts";
import { type Installed, weigh } from "../installed.ts";
import { figure, median, shuffled, spread } from "../numbers.ts";
import type { Findings, Suite, Target } from "../suite.ts";
import type { Answer as Launched, Question as Launch } from "../subjects/launch.ts";

const RUNS = 30;
/** What the command may take over the bare runtime, in milliseconds. */
const LIMITS: Readonly<Record<Runtime, number>> = { node: 40, deno: 25, bun: 25 };
const PACKAGES = peers.filter(({ isPackage }) => isPackage);
/** The packages with a command that waits. */
const COMMANDS = PACKAGES.filter(({ command }) => command).map(({ label }) => label);

function listen(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.on("error", () => {}).end()).listen(
      0,
      "127.0.0.1",
      () => resolve(server),
    );
  });
}

/** An empty program on each runtime, and every tool; the port is open already. */
function commands(port: number): Record<string, readonly string[]> {
  const empty = join(buildFolder, "empty.js");
  writeFileSync(empty, "");
  return {
    ...Object.fromEntries(RUNTIMES.map((runtime) => [`empty (${runtime})`, onRuntime(runtime, empty, [])])),
    ...Object.fromEntries(commandTools.map(({ label, command }) => [label, command(port)])),
    // The npm package's command is CommonJS, for which Deno loads its layer of Node; JSR serves the sources.
    "realpeer, from JSR (deno)": onRuntime("deno", join(root, "src/cli/main.ts"), ["wait", "-q", `127.0.0.1:${port}`]),
  };
}

async function measure(): Promise<Record<string, number[]>> {
  const server = await listen();
  const { port } = server.address() as { port: number };
  const launcher = new Conversation<Launch, Launched>(subject("bun", "launch"));
  await launcher.ready;
  const subjects = Object.entries(commands(port));
  const walls = Object.fromEntries(subjects.map(([label]): [string, number[]] => [label, []]));
  // The first round fills the runtimes' caches and shows that all of them find the port.
  for (let round = -1; round < RUNS; round++) {
    for (const [label, command] of shuffled(subjects)) {
      const { code, started, ended } = await launcher.ask({ command });
      if (code !== 0) throw new Error(`Cannot compare: ${command.join(" ")} exited with ${code}`);
      if (round >= 0) walls[label]!.push(ended - started);
    }
  }
  await launcher.end();
  server.close();
  return walls;
}

/** Milliseconds over an empty program on the same runtime, round by round. */
function over(label: string, walls: Readonly<Record<string, number[]>>): number {
  const runtime = /\((deno|bun)\)/.exec(label)?.[1] ?? "node";
  const empty = walls[`empty (${runtime})`]!;
  return median(walls[label]!.map((wall, round) => wall - empty[round]!));
}

function weights(): Record<string, Installed> {
  const folder = join(root, "scripts/bench/node_modules");
  const others = PACKAGES.map(({ label }): [string, Installed] => [label, weigh(join(folder, label))]);
  return { realpeer: weigh(packageFolder), ...Object.fromEntries(others) };
}

function targetsOf(walls: Readonly<Record<string, number[]>>, weight: Readonly<Record<string, Installed>>): Target[] {
  const starts = RUNTIMES.map((runtime): Target => {
    const found = over(`realpeer (${runtime})`, walls);
    const text = `realpeer wait on ${runtime}: at most ${LIMITS[runtime]} ms over an empty program: ${figure(found)}`;
    return { text, isMet: found <= LIMITS[runtime] };
  });
  const ours = over("realpeer (node)", walls);
  const quickest = Math.min(...COMMANDS.map((name) => over(name, walls)));
  const { bytes, dependencies } = weight["realpeer"]!;
  const smallest = Math.min(...COMMANDS.map((name) => weight[name]!.bytes));
  return [
    ...starts,
    {
      text: `the least start-up of those with a command: ${figure(ours)} ms against ${figure(quickest)} ms`,
      isMet: ours < quickest,
    },
    { text: `no dependencies: ${dependencies}`, isMet: dependencies === 0 },
    {
      text: `the smallest install of those with a command: ${figure(bytes / 1024)} KiB against ${
        figure(smallest / 1024)
      } KiB`,
      isMet: bytes < smallest,
    },
  ];
}

async function run(): Promise<Findings> {
  const walls = await measure();
  const weight = weights();
  const times = Object.entries(walls).map(([label, wall]) => {
    const { median, p95 } = spread(wall);
    return [label, figure(median), figure(p95), label.startsWith("empty") ? "" : figure(over(label, walls))];
  });
  const sizes = Object.entries(weight).map(([label, { bytes, dependencies }]) => [
    label,
    figure(bytes / 1024),
    `${dependencies}`,
  ]);
  return {
    tables: [
      {
        caption: "**Start-up**: the port is open already",
        columns: ["", "median ms", "p95 ms", "over empty, ms"],
        rows: times,
      },
      { caption: "**Installed**", columns: ["", "KiB", "dependencies"], rows: sizes },
    ],
    targets: targetsOf(walls, weight),
    notes: [`${RUNS} starts each, in random order, after one that is not counted`],
    data: { over: Object.fromEntries(Object.keys(walls).map((label) => [label, over(label, walls)])), weight },
  };
}

/** What it takes to be there at all. */
export const startup: Suite = { name: "startup", title: "Start-up and size", run };
