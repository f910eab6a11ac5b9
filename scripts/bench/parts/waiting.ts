import { commandLines } from "../command_lines.ts";
import { type Frontier, frontier, frontierTable } from "../frontier.ts";
import { figure } from "../numbers.ts";
import type { Findings, Part, Table, Target } from "../part.ts";
import { drawFrontier, drawLatencies } from "../picture.ts";
import { callOf, commandOf, delays, summaries, type Summary } from "../waits.ts";

const RUNS = 30;

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
  const peers = [
    "wait-on",
    "tcp-port-used",
    "wait-port",
    "detect-port",
    "loop, 10 ms pause",
  ];
  return summaries({
    "realpeer (node)": callOf("node", "realpeer"),
    "realpeer (deno)": callOf("deno", "realpeer"),
    "realpeer (bun)": callOf("bun", "realpeer"),
    ...Object.fromEntries(peers.map((peer) => [peer, callOf("node", peer)])),
  }, delays(RUNS, 200, 1200));
}

function byCommand(): Promise<Summary[]> {
  const commands = commandLines.map((line) => [line.label, commandOf(line)]);
  // 600 ms for the slowest of them to start.
  return summaries(Object.fromEntries(commands), delays(RUNS, 800, 1800));
}

function targetsOf(api: readonly Summary[]): Target[] {
  const find = (label: string): Summary => api.find((found) => found.label === label)!;
  const waitOn = waitOnOf(api);
  const best = Math.min(
    ...["wait-on", "tcp-port-used", "wait-port", "detect-port"].map((label) => find(label).median),
  );
  return ["node", "deno", "bun"].flatMap((runtime): Target[] => {
    const { label, median, p95, cpu } = find(`realpeer (${runtime})`);
    const times = cpu / waitOn.cpu;
    return [
      {
        text: `${label}: median at most 15 ms: ${figure(median)} (the best tool: ${figure(best)})`,
        isMet: median <= 15,
      },
      { text: `${label}: p95 at most 40 ms: ${figure(p95)}`, isMet: p95 <= 40 },
      {
        text: `${label}: at most 3 times wait-on's CPU in the same wait: ${figure(times)}`,
        isMet: times <= 3,
      },
    ];
  });
}

function picturesOf(
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
      tableOf(
        "**Called from a program**: from listen to report, server started after 200 to 1200 ms",
        api,
      ),
      tableOf(
        "**Run as a command**: from listen to exit, server started 800 to 1800 ms after the command",
        command,
      ),
      frontierTable(points),
    ],
    targets: targetsOf(api),
    notes: [
      `${RUNS} waits a tool, each in a fresh process, in random order, default options of every tool`,
      "a command's CPU includes its start; start-server-and-test reports when it runs its test command",
    ],
    data: { api, command, frontier: points },
    pictures: picturesOf(api, command, points),
  };
}

/** How soon a server is noticed, and at what price. */
export const waiting: Part = {
  name: "waiting",
  title: "From listen to report",
  run,
};
