import { callablePeers, commandTools } from "../peers.ts";
import { compileC } from "../baseline.ts";
import { jsonOf } from "../child.ts";
import { figure, quantile } from "../numbers.ts";
import type { Findings, Suite, Target } from "../suite.ts";
import { callOf, commandOf, delays, LateServers, type Wait } from "../waits.ts";

const SECONDS = 60;
/** Each tool waits so often, all at the same time. */
const WAITS = 4;
/** The servers come at different moments of a quarter second, so that no tool is lucky with its phase. */
const PHASES_MS = 250;
const CPU_MS = 100;
const LATEST_MS = 40;
/** What a command may use besides, for its start. */
const START_MS = 100;
/** The pause between two looks at the kernel's count of sockets with which no report is later than that. */
const LOOK_MS = 38;

/** The tools, and how each is called. */
const calls: Readonly<Record<string, ReturnType<typeof callOf>>> = {
  "realpeer (node)": callOf("node", "realpeer"),
  "realpeer (deno)": callOf("deno", "realpeer"),
  "realpeer (bun)": callOf("bun", "realpeer"),
  // What a wait that dials with net.connect, and is never later than 250 ms, cannot go below.
  "baseline: bare loop, 240 ms pause": callOf("node", "loop, 240 ms pause"),
  ...Object.fromEntries(callablePeers.map((peer) => [peer, callOf("node", peer)])),
};

const commands: typeof calls = Object.fromEntries(
  commandTools.filter(({ label }) => !/deno|bun/.test(label)).map((tool) => [
    `${tool.label}, as a command`,
    commandOf(tool),
  ]),
);

async function measure(calls: Readonly<Record<string, ReturnType<typeof callOf>>>): Promise<Record<string, Wait[]>> {
  const servers = new LateServers();
  const waits = delays(WAITS, SECONDS * 1000, SECONDS * 1000 + PHASES_MS);
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
    const start = label.endsWith("command") ? START_MS : 0;
    return [
      {
        text: `${label}: at most ${CPU_MS + start} ms of CPU time: ${figure(found.cpu)} ms`,
        isMet: found.cpu <= CPU_MS + start,
      },
      {
        text: `${label}: never later than ${LATEST_MS} ms: ${figure(found.latest)} ms`,
        isMet: found.latest <= LATEST_MS,
      },
    ];
  });
}

/** Milliseconds of CPU time for nothing but the looks, in C, while the tools wait. */
async function looks(): Promise<number> {
  const count = Math.round(SECONDS * 1000 / LOOK_MS);
  return await jsonOf<number>([await compileC("looks"), `${LOOK_MS}`, `${count}`]) * count / 1000;
}

async function run(): Promise<Findings> {
  const looking = looks();
  const measured = Object.fromEntries(
    Object.entries({ ...await measure(calls), ...await measure(commands) }).map(([label, waits]) => [label, {
      cpu: quantile(waits.map(({ cpu }) => cpu / 1000), 0.5),
      latest: Math.max(...waits.map(({ latency }) => latency)),
      latencies: waits.map(({ latency }) => Math.round(latency)),
    }]),
  );
  const rows = Object.entries(measured).map(([label, { cpu, latest }]) => [label, figure(cpu), figure(latest)]);
  rows.push([`baseline: C, a look every ${LOOK_MS} ms`, figure(await looking), ""]);
  const columns = ["", "CPU ms, median", "latest report, ms"];
  return {
    tables: [{ caption: `**${SECONDS} s without a listener**, then a server`, columns, rows }],
    targets: targetsOf(measured),
    notes: [
      `${WAITS} waits a tool, each in a fresh process: all calls at once, then all commands`,
      "CPU from the call to the report, a command's with its start",
    ],
    data: measured,
  };
}

/** What it costs to wait for long. */
export const longWait: Suite = { name: "long-wait", title: "A long wait", run };
