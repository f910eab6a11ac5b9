import { commandLines } from "../command_lines.ts";
import { figure, quantile } from "../numbers.ts";
import type { Findings, Part, Target } from "../part.ts";
import { callOf, commandOf, delays, LateServers, type Wait } from "../waits.ts";

const SECONDS = 60;
/** Each tool waits so often, all at the same time. */
const WAITS = 4;
const LATEST_MS = 250;

/** The tools, and how each is called. */
const calls: Readonly<Record<string, ReturnType<typeof callOf>>> = {
  "realpeer (node)": callOf("node", "realpeer"),
  "realpeer (deno)": callOf("deno", "realpeer"),
  "realpeer (bun)": callOf("bun", "realpeer"),
  // What nobody who dials with net.connect and is never later than 250 ms can go below.
  "floor: bare loop, 240 ms pause": callOf("node", "loop, 240 ms pause"),
  "wait-on": callOf("node", "wait-on"),
  "tcp-port-used": callOf("node", "tcp-port-used"),
  "wait-port": callOf("node", "wait-port"),
  "detect-port": callOf("node", "detect-port"),
};

const commands: typeof calls = Object.fromEntries(
  commandLines.filter(({ label }) => !/deno|bun/.test(label)).map((line) => [
    `${line.label}, as a command`,
    commandOf(line),
  ]),
);

async function measure(calls: Readonly<Record<string, ReturnType<typeof callOf>>>): Promise<Record<string, Wait[]>> {
  const servers = new LateServers();
  // The servers come at different moments of a quarter second, so that no tool is lucky with its phase.
  const waits = delays(WAITS, SECONDS * 1000, SECONDS * 1000 + LATEST_MS);
  const entries = Object.entries(calls).map(async ([label, call]): Promise<[string, Wait[]]> => [
    label,
    await Promise.all(waits.map((delay) => call(servers, delay))),
  ]);
  const measured = Object.fromEntries(await Promise.all(entries));
  await servers.end();
  return measured;
}

function targetsOf(measured: Record<string, { cpu: number; latest: number }>): Target[] {
  return Object.entries(measured).filter(([label]) => label.startsWith("realpeer")).flatMap(([label, found]) => {
    const waitOn = measured[label.replace(/^realpeer \(\w+\)/, "wait-on")]!.cpu;
    return [
      {
        text: `${label}: less CPU than wait-on: ${figure(found.cpu)} ms against ${figure(waitOn)} ms`,
        isMet: found.cpu < waitOn,
      },
      {
        text: `${label}: never later than ${LATEST_MS} ms: ${figure(found.latest)} ms`,
        isMet: found.latest <= LATEST_MS,
      },
    ];
  });
}

async function run(): Promise<Findings> {
  const measured = Object.fromEntries(
    Object.entries({ ...await measure(calls), ...await measure(commands) }).map(([label, waits]) => [label, {
      cpu: quantile(waits.map(({ cpu }) => cpu / 1000), 0.5),
      latest: Math.max(...waits.map(({ latency }) => latency)),
      latencies: waits.map(({ latency }) => Math.round(latency)),
    }]),
  );
  const rows = Object.entries(measured).map(([label, { cpu, latest }]) => [label, figure(cpu), figure(latest)]);
  const columns = ["", "CPU ms, median", "latest report, ms"];
  return {
    tables: [{ caption: `**${SECONDS} s of nobody**, then a server`, columns, rows }],
    targets: targetsOf(measured),
    notes: [
      `${WAITS} waits a tool, each in a fresh process: all calls at once, then all commands`,
      "CPU from the call to the report, a command's with its start",
    ],
    data: measured,
  };
}

/** What it costs to wait for long. */
export const longWait: Part = { name: "long-wait", title: "A long wait", run };
