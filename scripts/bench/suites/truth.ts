import { spawnSync } from "node:child_process";
import { inEmptyNamespace, inLab, LAB_PORT } from "../../../tests/fixtures/lab.ts";
import { environment, root } from "../../run.ts";
import { jsonOf, RUNTIMES, subject } from "../child.ts";
import { callablePeers, commandTools } from "../peers.ts";
import type { Findings, Suite, Table, Target } from "../suite.ts";
import type { Refusals } from "../subjects/refusals.ts";

/** How long each tool may take to be deceived, in seconds. */
const PATIENCE = 4;
const ATTEMPTS = 30_000;
const DEAD_PORT = 41000;

/** Tools that wait for a port, as commands that end with 0 when they report it as ready. */
const waiters: Readonly<Record<string, readonly string[]>> = Object.fromEntries([
  ...commandTools.map(({ label, command }) => [`${label}, as a command`, command(LAB_PORT)]),
  ...["realpeer", ...callablePeers, "loop, 10 ms pause"].map((name) => [
    name,
    subject("node", "reports", [name, `${LAB_PORT}`]),
  ]),
]);

/** Clients of npm, set up as in the project's tests. */
const CLIENTS = [
  "ioredis",
  "node-redis",
  "pg",
  "postgres.js",
  "mysql2",
  "mqtt",
  "http.Agent",
  "undici",
  "fetch",
];

function endsWithSuccess(command: readonly string[]): boolean {
  const [file, ...args] = inLab(["timeout", `${PATIENCE}`, ...command]) as [string, ...string[]];
  return spawnSync(file, args, { cwd: root, env: environment, stdio: "ignore" })
    .status === 0;
}

function reports(targets: Target[], data: Record<string, unknown>): Table {
  const rows = Object.entries(waiters).map(([name, command]) => {
    const isDeceived = endsWithSuccess(command);
    data[name] = { isDeceived };
    if (name.startsWith("realpeer")) {
      targets.push({ text: `${name} reports no dead port as ready`, isMet: !isDeceived });
    }
    return [name, isDeceived ? "ready (false)" : "not ready"];
  });
  return { caption: "**a dead port** whose clients the kernel connects to themselves", columns: ["", "reports"], rows };
}

async function attempts(targets: Target[], data: Record<string, unknown>): Promise<Table> {
  const rows: string[][] = [];
  for (const runtime of RUNTIMES) {
    const args = [DEAD_PORT, 1, ATTEMPTS, ATTEMPTS].map(String);
    const { bareConnected, guardedConnected } = await jsonOf<Refusals>(
      inEmptyNamespace(subject(runtime, "refusals", args)),
    );
    data[`${runtime}, natural`] = { bareConnected, guardedConnected };
    rows.push([runtime, `${bareConnected}`, `${guardedConnected}`]);
    targets.push({
      text: `${ATTEMPTS} guarded attempts on ${runtime}: ${guardedConnected} let through`,
      isMet: guardedConnected === 0,
    });
  }
  return {
    caption: `**${ATTEMPTS} attempts on a dead port** of the default range: how many succeed`,
    columns: ["", "bare call", "guarded"],
    rows,
  };
}

/** Whether a client dials itself and holds on to it, or leaves it behind. */
async function holdsPort(client: string, guard: "none" | "register"): Promise<boolean> {
  const program = ["tests/programs/client_bare.ts", client, guard, `${LAB_PORT}`];
  const { states } = await jsonOf<{ states: string[] }>(inLab(["node", "--import", "tsx", ...program]));
  return states.length > 0;
}

async function clients(targets: Target[], data: Record<string, unknown>): Promise<Table> {
  const rows: string[][] = [];
  let deceived = 0;
  for (const client of CLIENTS) {
    const [bare, registered] = [await holdsPort(client, "none"), await holdsPort(client, "register")];
    data[`${client}, port held`] = { bare, registered };
    if (registered) deceived++;
    rows.push([client, bare ? "yes" : "no", registered ? "yes" : "no"]);
  }
  targets.push({
    text: `${deceived} of ${CLIENTS.length} clients under /register keep the server off its port`,
    isMet: deceived === 0,
  });
  return {
    caption: "**clients on Node**: do they keep the server off its port?",
    columns: ["", "alone", "with /register"],
    rows,
  };
}

async function run(): Promise<Findings> {
  const targets: Target[] = [];
  const data: Record<string, unknown> = {};
  const tables = [reports(targets, data), await attempts(targets, data), await clients(targets, data)];
  return { tables, targets, notes: ["Each tool runs in a fresh network namespace without a listener."], data };
}

export const truth: Suite = { name: "truth", title: "Truth", run };
