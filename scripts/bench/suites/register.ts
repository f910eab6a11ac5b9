import { join } from "node:path";
import { buildFolder, Conversation, type Runtime, RUNTIMES, subject } from "../child.ts";
import { counted } from "../counted.ts";
import { figure, median, ratio, shuffled } from "../numbers.ts";
import type { Findings, Suite, Target } from "../suite.ts";
import type { Answer, Question } from "../subjects/dials.ts";
import { withListener } from "../listener.ts";
import { measureNativeCalls } from "./native_calls.ts";

/** Of each variant, one after the other: two processes of the same program differ by some per cent all their life. */
const PROCESSES = 10;
const ROUNDS = 20;
const COUNT = 200;
const WARM_UP = 5000;
const MAX_RATIO = 1.05;
/** No more than two equal programs differ. */
const MAX_AFTER = 1.02;

/** The flag with which each runtime loads a module before the program. */
const PRELOAD: Readonly<Record<Runtime, string>> = { node: "--import", deno: "--preload", bun: "--preload" };

/**
 * What takes turns: the program as it is, with the one system call that every guard needs, and with the guard loaded
 * before it.
 */
const VARIANTS = ["alone", "alone + one look at the local port", "registered"] as const;
type Variant = typeof VARIANTS[number];

function command(runtime: Runtime, port: number, variant: Variant): string[] {
  const args = [String(port), ...(variant === VARIANTS[1] ? ["look"] : [])];
  const bare = subject(runtime, "dials", args);
  return variant === "registered" ? preloaded(bare) : bare;
}

/** The same command, which loads register before its program. */
function preloaded([file = "", ...rest]: readonly string[]): string[] {
  const runtime = RUNTIMES.find((name) => name === file) ?? "node";
  const preload = [PRELOAD[runtime], join(buildFolder, "src/api/register.js")];
  // `deno run` takes its flags behind the subcommand.
  return runtime === "deno" ? [file, rest[0]!, ...preload, ...rest.slice(1)] : [file, ...preload, ...rest];
}

/** What the variants took, round by round. */
type Measured = Record<Variant, { readonly dials: Answer[]; readonly roundTrips: Answer[] }>;

/** Lets one process of each variant take turns. */
async function measure(runtime: Runtime, port: number, taken: Measured): Promise<void> {
  const entries = VARIANTS.map((variant): [Variant, Conversation<Question, Answer>] => [
    variant,
    new Conversation(command(runtime, port, variant)),
  ]);
  for (const [, talk] of entries) await talk.ready;
  for (const [kind, isRoundTrip] of [["dials", false], ["roundTrips", true]] as const) {
    for (const [variant, talk] of entries) {
      const before = await counted(port);
      await talk.ask({ count: WARM_UP, isRoundTrip });
      const seen = await counted(port) - before;
      if (seen === (isRoundTrip ? 0 : WARM_UP)) continue;
      throw new Error(`Cannot compare: the listener saw ${seen} connections of ${runtime}, ${variant}`);
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const [variant, talk] of shuffled(entries)) {
        taken[variant][kind].push(await talk.ask({ count: COUNT, isRoundTrip }));
      }
    }
  }
  for (const [, talk] of entries) await talk.end();
}

async function run(): Promise<Findings> {
  const rows: string[][] = [];
  const targets: Target[] = [];
  const data: Record<string, unknown> = {};
  await withListener(async (port) => {
    for (const runtime of RUNTIMES) {
      const nothing = (): Measured[Variant] => ({ dials: [], roundTrips: [] });
      const measured = Object.fromEntries(VARIANTS.map((variant) => [variant, nothing()])) as Measured;
      for (let process = 0; process < PROCESSES; process++) await measure(runtime, port, measured);
      const times = (variant: Variant, kind: keyof Measured[Variant], of: keyof Answer): number =>
        ratio(measured[variant][kind].map((answer) => answer[of]), measured.alone[kind].map((answer) => answer[of]));
      for (const variant of VARIANTS) {
        const found = {
          median: median(measured[variant].dials.map(({ wall }) => wall)),
          wall: times(variant, "dials", "wall"),
          cpu: times(variant, "dials", "cpu"),
          roundTrip: times(variant, "roundTrips", "wall"),
        };
        data[`${runtime}: ${variant}`] = found;
        const ratios = [found.wall, found.cpu, found.roundTrip].map((value) => value.toFixed(3));
        rows.push([`${runtime}: ${variant}`, figure(found.median), ...ratios]);
      }
      const wall = times("registered", "dials", "wall");
      const after = times("registered", "roundTrips", "wall");
      targets.push({
        text: `/register costs ${wall.toFixed(3)} times bare on ${runtime} (at most ${MAX_RATIO})`,
        isMet: wall <= MAX_RATIO,
      }, {
        text: `/register costs nothing after connect on ${runtime}: ${after.toFixed(3)} times bare a round trip`,
        isMet: after <= MAX_AFTER,
      });
    }
  });
  const native = await measureNativeCalls(preloaded);
  const each = (PROCESSES * ROUNDS * COUNT).toLocaleString("en");
  return {
    tables: [{
      caption: `**${each} connect and close**, and as many round trips over one connection, through node:net`,
      columns: ["", "connect µs", "times alone", "CPU times alone", "round trip times alone"],
      rows,
    }, ...native.tables],
    targets: [...targets, ...native.targets],
    notes: [`${PROCESSES} times one process of each kind, which take turns; each ratio is the median over all rounds`],
    data: { ...data, native: native.data },
  };
}

/** What the guard costs a program that never heard of it. */
export const register: Suite = { name: "register", title: "Process-wide guard", run };
