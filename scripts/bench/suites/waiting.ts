import { type Runtime, RUNTIMES } from "../child.ts";
import { callablePeers, commandTools } from "../peers.ts";
import { type Frontier, frontier, frontierTable } from "../frontier.ts";
import { figure } from "../numbers.ts";
import type { Findings, Suite, Table, Target } from "../suite.ts";
import { drawFrontier, drawLatencies } from "../chart.ts";
import { callOf, commandOf, delays, summaries, type Summary } from "../waits.ts";

const RUNS = 30;
/** What a wait may use at most, in times of wait-on's CPU time; and when the command may end, in milliseconds. */
const CPU_TIMES: Readonly<Record<Runtime, number>> = { node: 1.5, deno: 1, bun: 1 };
const COMMAND_MS: Readonly<Record<Runtime, number>> = { node: 20, deno: 15, bun: 15 };

function waitOnOf(summaries: readonly Summary[]): Summary {
  return summaries.find(({ label }) => label === "wait-on")!;
}

function tableOf(caption: string, summaries: readonly Summary[]): Table {
  const columns = ["", "median ms", "times wait-on's", "p95 ms", "CPU ms per wait", "times wait-on's"];
  const waitOn = waitOnOf(summaries);
  const rows = summaries.map(({ label, median, p95, cpu }) => [
    label,
    ...[median, median / waitOn.median, p95, cpu, cpu / waitOn.cpu].map(figure),
  ]);
  return { caption, columns, rows };
}

function byApi(): Promise<Summary[]> {
  const others = [...callablePeers, "loop, 10 ms pause"];
  return summaries({
    "realpeer (node)": callOf("node", "realpeer"),
    "realpeer (deno)": callOf("deno", "realpeer"),
    "realpeer (bun)": callOf("bun", "realpeer"),
    ...Object.fromEntries(others.map((other) => [other, callOf("node", other)])),
  }, delays(RUNS, 200, 1200));
}

function byCommand(): Promise<Summary[]> {
  const commands = commandTools.map((tool) => [tool.label, commandOf(tool)]);
  // 600 ms for the slowest of them to start.
  return summaries(Object.fromEntries(commands), delays(RUNS, 800, 1800));
}

function targetsOf(api: readonly Summary[], command: readonly Summary[]): Target[] {
  const find = (label: string, among = api): Summary => among.find((found) => found.label === label)!;
  const waitOn = waitOnOf(api);
  const best = Math.min(...callablePeers.map((label) => find(label).median));
  return RUNTIMES.flatMap((runtime): Target[] => {
    const { label, median, p95, cpu } = find(`realpeer (${runtime})`);
    const times = cpu / waitOn.cpu;
    const exit = find(label, command).median;
    return [
      {
        text: `${label}: median at most 3 ms: ${figure(median)} (the best tool: ${figure(best)})`,
        isMet: median <= 3,
      },
      { text: `${label}: p95 at most 6 ms: ${figure(p95)}`, isMet: p95 <= 6 },
      {
        text: `${label}: at most ${CPU_TIMES[runtime]} times wait-on's CPU in the same wait: ${figure(times)}`,
        isMet: times <= CPU_TIMES[runtime],
      },
      {
        text: `${label}, as a command: from listen to exit at most ${COMMAND_MS[runtime]} ms: ${figure(exit)}`,
        isMet: exit <= COMMAND_MS[runtime],
      },
    ];
  });
}

function chartsOf(
  api: readonly Summary[],
  command: readonly Summary[],
  points: readonly Frontier[],
): Record<string, string> {
  const latencies = (title: string, found: readonly Summary[]): string =>
    drawLatencies(title, found, found.map(({ median }) => median));
  return {
    "latency.svg": latencies("From listen to report, called from a program", api),
    "latency_command.svg": latencies("From listen to exit, run as a command", command),
    "frontier.svg": drawFrontier(points, api.filter(({ label }) => !/deno|bun/.test(label))),
  };
}

async function run(): Promise<Findings> {
  const api = await byApi();
  const command = await byCommand();
  const points = await frontier();
  return {
    tables: [
      tableOf("**Called from a program**: from listen to report, server started after 200 to 1200 ms", api),
      tableOf("**Run as a command**: from listen to exit, server started 800 to 1800 ms after the command", command),
      frontierTable(points),
    ],
    targets: targetsOf(api, command),
    notes: [
      `${RUNS} waits a tool, each in a fresh process, in random order, default options of every tool`,
      "a command's CPU includes its start; start-server-and-test reports when it runs its test command",
    ],
    data: { api, command, frontier: points },
    charts: chartsOf(api, command, points),
  };
}

/** How soon a server is noticed, and at what price. */
export const waiting: Suite = { name: "waiting", title: "From listen to report", run };
