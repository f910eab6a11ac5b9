/**
 * Fills this namespace with 20,000 sockets and two self-connections of another process, and prints as JSON what
 * `realpeer scan` and `ss` say of them, and of themselves while sockets come and go. One scan has a process of its own; the
 * others are done in this one, which leaves less time to what comes and goes between them.
 */
import { execFileSync } from "node:child_process";
import { runHere } from "../cli/fake_system.ts";
import { start } from "../cli/realpeer.ts";
import { commandFor, type Finished, root, run } from "../fixtures/runtime.ts";

const MANY = ["python3", `${root}tests/programs/many_sockets.py`];

export interface ScanOutcome {
  readonly sockets: number;
  /** What the process that holds them says. */
  readonly held: string;
  readonly scan: Finished;
  readonly text: Finished;
  readonly prometheus: Finished;
  readonly ssSelf: readonly string[];
  readonly ssListen: readonly string[];
  readonly duringChurn: readonly Finished[];
}

function ss(flags: string): string[][] {
  const output = execFileSync("ss", [`-H${flags}`], { encoding: "utf8", maxBuffer: 1 << 26 });
  return output.trim().split("\n").filter(Boolean).map((line) => line.trim().split(/ +/));
}

const holders = ["4000", "3000", "3000"].map((count) => start([...MANY, count, "hold"]));
const self = start(commandFor("tests/programs/cli_hold_self.ts", ["127.0.0.1", "::1"]));
for (const holder of [...holders, self]) await holder.says("ready");
const rows = ss("tan");
const outcome: ScanOutcome = {
  sockets: rows.length,
  held: await self.says("ready"),
  scan: await run(commandFor("src/cli/main.ts", ["scan", "--json", "--listen"])),
  text: await runHere(["scan", "--listen"]),
  prometheus: await runHere(["scan", "--prometheus", "--listen"]),
  ssSelf: rows.filter(([, , , local, peer]) => local === peer).map(([, , , local]) => local!),
  ssListen: ss("ltn").map(([, , , local]) => local!),
  duringChurn: [],
};
for (const holder of holders) holder.kill("SIGKILL");
self.kill("SIGKILL");
await self.finished;

const churn = start([...MANY, "200", "churn"]);
await churn.says("ready");
const duringChurn: Finished[] = [];
for (let i = 0; i < 10; i++) duringChurn.push(await runHere(["scan", "--json", "--listen", "--all-namespaces"]));
churn.kill("SIGKILL");
console.log(JSON.stringify({ ...outcome, duringChurn }));
