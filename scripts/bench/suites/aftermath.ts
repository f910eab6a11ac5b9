import { inLab, LAB_PORT, noLab } from "../../../tests/fixtures/lab.ts";
import { jsonOf, RUNTIMES, subject } from "../child.ts";
import { compileGo } from "../baseline.ts";
import { figure } from "../numbers.ts";
import type { Findings, Suite } from "../suite.ts";
import type { Aftermath } from "../subjects/aftermath.ts";

/** TIME_WAIT lasts a minute; a server that is kept off for longer has another reason. */
const LIMIT_MS = 75_000;
const SOON_MS = 10;

function afterSelfConnection(command: readonly string[]): Promise<Aftermath> {
  return jsonOf<Aftermath>(inLab(subject("node", "aftermath", [`${LAB_PORT}`, `${LIMIT_MS}`, ...command])));
}

async function ways(): Promise<Record<string, readonly string[]>> {
  const dial = (runtime: typeof RUNTIMES[number], way: string): string[] =>
    subject(runtime, "dial_dead", [way, `${LAB_PORT}`]);
  const go = await compileGo("net_dial");
  return {
    ...Object.fromEntries(RUNTIMES.map((runtime) => [`realpeer (${runtime})`, dial(runtime, "realpeer")])),
    ...Object.fromEntries(RUNTIMES.map((runtime) => [`bare ${runtime}`, dial(runtime, "bare")])),
    "wait-on": dial("node", "wait-on"),
    "wait-port": dial("node", "wait-port"),
    ...go && { "Go, net.Dial": [go, `127.0.0.1:${LAB_PORT}`] },
  };
}

async function run(): Promise<Findings> {
  const notes = [
    "each in a lab namespace of its own, all at once; the server tries every millisecond, with SO_REUSEADDR",
  ];
  if (noLab !== undefined) {
    return { tables: [], targets: [], notes: [`skipped: no network namespace: ${noLab}`], data: {} };
  }
  const commands = await ways();
  if (!("Go, net.Dial" in commands)) notes.push("Go's net.Dial was left out: there is no go command");
  // Ours need the machine to themselves for a moment; the others wait for a minute and do not mind company.
  const found: Record<string, Aftermath> = {};
  const isOurs = (label: string): boolean => label.startsWith("realpeer");
  const labels = Object.keys(commands);
  for (const label of labels.filter(isOurs)) found[label] = await afterSelfConnection(commands[label]!);
  await Promise.all(
    labels.filter((label) => !isOurs(label)).map(async (label) => {
      found[label] = await afterSelfConnection(commands[label]!);
    }),
  );
  const shown = ({ keptOff }: Aftermath): string =>
    keptOff === null
      ? `over ${LIMIT_MS / 1000} s`
      : keptOff < 1000
      ? `${figure(keptOff)} ms`
      : `${figure(keptOff / 1000)} s`;
  const rows = labels.map((label) => [label, found[label]!.outcome.replaceAll(`"`, ""), shown(found[label]!)]);
  const targets = labels.filter(isOurs).map((label) => {
    const { keptOff } = found[label]!;
    return {
      text: `${label}: the server can listen within ${SOON_MS} ms: ${shown(found[label]!)}`,
      isMet: keptOff !== null && keptOff < SOON_MS,
    };
  });
  const columns = ["", "said", "server kept off"];
  return { tables: [{ caption: "**After one self-connection**", columns, rows }], targets, notes, data: found };
}

/** How long a self-connection keeps the real server off its port. */
export const aftermath: Suite = { name: "aftermath", title: "What a self-connection leaves behind", run };
