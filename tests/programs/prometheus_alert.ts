/**
 * Runs node_exporter and Prometheus with a rules file, makes a self-connection and ends it, and prints the alerts that
 * Prometheus had before, meanwhile and afterwards.
 *
 *   prometheus_alert.ts FOLDER, with the rules in FOLDER/rules.yml
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { selfConnectedPair } from "../../src/api/testing.ts";
import { commandFor, run } from "../fixtures/runtime.ts";

/** One alert of Prometheus' own interface. */
interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
}

export interface Alerts {
  /** What the metric was before anything was done. */
  readonly quiet: string;
  readonly fired: readonly Alert[];
  /** The process and command that the scan names. */
  readonly named: readonly Readonly<Record<string, string>>[];
  readonly cleared: readonly Alert[];
}

const folder = process.argv[2]!;
const textfile = join(folder, "textfile");
mkdirSync(textfile);
const EXPORTER = "127.0.0.1:19100";
const PROMETHEUS = "127.0.0.1:19090";

const config = `
global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
rule_files: [${join(folder, "rules.yml")}]
scrape_configs: [{ job_name: node, static_configs: [{ targets: ["${EXPORTER}"] }] }]
`;
writeFileSync(join(folder, "prometheus.yml"), config);

const children: ChildProcess[] = [];
function start(file: string, ...args: string[]): void {
  children.push(spawn(file, args, { stdio: ["ignore", "ignore", "ignore"] }));
}

/** What the timer of the README does. */
async function scan(): Promise<void> {
  const { stdout } = await run(commandFor("src/cli/main.ts", ["scan", "--prometheus"]));
  writeFileSync(join(textfile, "realpeer.tmp"), stdout);
  renameSync(join(textfile, "realpeer.tmp"), join(textfile, "realpeer.prom"));
}

async function ask<Data>(path: string): Promise<Data | undefined> {
  try {
    const response = await fetch(`http://${PROMETHEUS}/api/v1/${path}`);
    return (await response.json() as { data: Data }).data;
  } catch {
    // It does not listen yet.
    return undefined;
  }
}

/** Asks again and again until the answer is right; the test that runs this has a limit. */
async function until<Answer>(
  get: () => Promise<Answer | undefined>,
  isRight: (answer: Answer) => boolean,
): Promise<Answer> {
  while (true) {
    const answer = await get();
    if (answer !== undefined && isRight(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

interface Query {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly value: readonly [number, string];
  }[];
}

async function alerts(): Promise<readonly Alert[] | undefined> {
  return (await ask<{ alerts: readonly Alert[] }>("alerts"))?.alerts;
}

try {
  start(
    "prometheus-node-exporter",
    ...["--collector.disable-defaults", "--collector.textfile", `--collector.textfile.directory=${textfile}`],
    `--web.listen-address=${EXPORTER}`,
  );
  start(
    "prometheus",
    ...[`--config.file=${join(folder, "prometheus.yml")}`, `--storage.tsdb.path=${join(folder, "data")}`],
    `--web.listen-address=${PROMETHEUS}`,
  );
  await scan();
  const query = (text: string) => (): Promise<Query | undefined> =>
    ask<Query>(`query?query=${encodeURIComponent(text)}`);
  const quiet = await until(query("realpeer_self_connections"), ({ result }) => result.length > 0);
  const pair = await selfConnectedPair();
  await scan();
  const fired = await until(alerts, (found) => found.some(({ state }) => state === "firing"));
  const named = await until(query("realpeer_self_connection"), ({ result }) => result.length > 0);
  await pair.release();
  await scan();
  const cleared = await until(alerts, (found) => found.length === 0);
  const outcome: Alerts = {
    quiet: quiet.result[0]!.value[1],
    fired,
    named: named.result.map(({ metric }) => metric),
    cleared,
  };
  console.log(JSON.stringify(outcome));
} finally {
  for (const child of children) child.kill("SIGKILL");
}
process.exit(0);
