/**
 * Measures this module beside what people would pick instead, and writes tables, figures and a chart into
 * scripts/bench/results.
 *
 *   npm run bench                 everything
 *   npm run bench -- NAME...      only these suites
 */
import { cpus, totalmem } from "node:os";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build, installPeers } from "./bench/build.ts";
import { output } from "./bench/child.ts";
import { type Findings, type Machine, renderTable, type Suite } from "./bench/suite.ts";
import { summary } from "./bench/summary.ts";
import { overhead } from "./bench/suites/overhead.ts";
import { waiting } from "./bench/suites/waiting.ts";
import { longWait } from "./bench/suites/long_wait.ts";
import { aftermath } from "./bench/suites/aftermath.ts";
import { startup } from "./bench/suites/startup.ts";
import { comparison } from "./bench/suites/comparison.ts";
import { scale } from "./bench/suites/scale.ts";
import { truth } from "./bench/suites/truth.ts";
import { register } from "./bench/suites/register.ts";
import { scan } from "./bench/suites/scan.ts";
import { throughput } from "./bench/suites/throughput.ts";
import { quietly, root } from "./run.ts";

const suites: readonly Suite[] = [
  ...[overhead, waiting, longWait, truth, aftermath],
  ...[comparison, scale, startup, register, scan, throughput],
];
const folder = join(root, "scripts/bench/results");

async function head(): Promise<Machine> {
  const peers: Record<string, string> = JSON.parse(
    readFileSync(join(root, "scripts/bench/package.json"), "utf8"),
  ).devDependencies;
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const firstLine = async (command: string[]): Promise<string> => (await output(command)).trim().split("\n")[0]!;
  const [processor] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    kernel: await firstLine(["uname", "-sr"]),
    processor: `${cpus().length} x ${processor?.model ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    versions: {
      realpeer: version,
      node: await firstLine(["node", "-p", "process.versions.node"]),
      deno: (await firstLine(["deno", "--version"])).split(" ")[1]!,
      bun: await firstLine(["bun", "--version"]),
      ...peers,
    },
  };
}

function render({ title }: Suite, { tables, targets, notes }: Findings, seconds: number): string {
  const reached = targets.map(({ text, isMet }) => `- ${isMet ? "reached" : "MISSED"}: ${text}`);
  const said = notes.map((note) => `- ${note}`);
  const took = `- took ${seconds.toFixed(0)} s`;
  return [`### ${title}`, ...tables.map(renderTable), [...reached, ...said, took].join("\n")].join("\n\n");
}

const names = process.argv.slice(2).filter((arg) => arg !== "--");
const unknown = names.find((name) => !suites.some((suite) => suite.name === name));
if (unknown !== undefined) {
  console.error(`Cannot run suite "${unknown}": there are ${suites.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
await installPeers();
await build();
mkdirSync(folder, { recursive: true });
const machine = await head();
const { versions, ...rest } = machine;
console.log(
  `${Object.values(rest).join(", ")}\n${Object.entries(versions).map((pair) => pair.join(" ")).join(", ")}\n`,
);
for (const suite of suites.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const started = performance.now();
  const findings = await suite.run();
  const seconds = (performance.now() - started) / 1000;
  const text = render(suite, findings, seconds);
  console.log(`${text}\n`);
  const { charts = {}, ...figures } = findings;
  writeFileSync(join(folder, `${suite.name}.json`), JSON.stringify({ machine, seconds, ...figures }));
  writeFileSync(join(folder, `${suite.name}.md`), `${text}\n`);
  for (const [name, chart] of Object.entries(charts)) writeFileSync(join(folder, name), chart);
}
writeFileSync(join(folder, "summary.md"), summary(folder));
await quietly(["deno", "fmt", "--config", "deno.json", folder]);
process.exit(0);
