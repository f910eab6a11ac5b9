import { spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { deadPort } from "../../../src/api/testing.ts";
import { Conversation, RUNTIMES, subject } from "../child.ts";
import { figure, median, ratio, shuffled } from "../numbers.ts";
import type { Findings } from "../suite.ts";
import type { Answer } from "../subjects/dials.ts";
import type { Question } from "../subjects/native_calls.ts";

const PROCESSES = 6;
const ROUNDS = 30;
const COUNT = 100;
const WARM_UP = 2000;
/** For a native fetch to a port that is not at risk. */
const MAX_RATIO = 1.01;

/** Runs `use` while an HTTP server answers on a port that is not at risk. */
async function withServer<Result>(use: (port: number) => Promise<Result>): Promise<Result> {
  const [file, ...args] = subject("node", "http_server") as [string, ...string[]];
  const server = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const line = await new Promise<string>((resolve, reject) => {
      server.on("error", reject);
      createInterface({ input: server.stdout }).once("line", resolve);
    });
    return await use((JSON.parse(line) as AddressInfo).port);
  } finally {
    server.kill();
  }
}

/** A port of the ephemeral range that no socket has now. */
async function portAtRisk(): Promise<number> {
  const { port, release } = await deadPort();
  await release();
  return port;
}

/**
 * What register costs a fetch that goes to a port that is not at risk, and what it takes to hold one that is.
 *
 * @param preloaded makes a command one that loads register before its program
 */
export async function measureNativeCalls(preloaded: (command: string[]) => string[]): Promise<Findings> {
  const rows: string[][] = [];
  const targets: { text: string; isMet: boolean }[] = [];
  const data: Record<string, unknown> = {};
  await withServer(async (port) => {
    const atRisk = await portAtRisk();
    for (const runtime of RUNTIMES) {
      const command = subject(runtime, "native_calls", [String(port), String(atRisk)]);
      const taken = { alone: [] as Answer[], registered: [] as Answer[], hold: [] as Answer[] };
      for (let process = 0; process < PROCESSES; process++) {
        const alone = new Conversation<Question, Answer>(command);
        const registered = new Conversation<Question, Answer>(preloaded(command));
        const entries = [["alone", alone], ["registered", registered]] as const;
        for (const [, talk] of entries) {
          await talk.ready;
          await talk.ask({ count: WARM_UP, kind: "fetch" });
        }
        for (let round = 0; round < ROUNDS; round++) {
          for (const [name, talk] of shuffled(entries)) {
            taken[name].push(await talk.ask({ count: COUNT, kind: "fetch" }));
          }
        }
        await alone.ask({ count: WARM_UP, kind: "hold" });
        for (let round = 0; round < ROUNDS; round++) taken.hold.push(await alone.ask({ count: COUNT, kind: "hold" }));
        for (const [, talk] of entries) await talk.end();
      }
      const walls = (answers: readonly Answer[]): number[] => answers.map(({ wall }) => wall);
      const found = {
        fetch: median(walls(taken.alone)),
        registered: ratio(walls(taken.registered), walls(taken.alone)),
        hold: median(walls(taken.hold)),
      };
      data[runtime] = found;
      rows.push([runtime, figure(found.fetch), found.registered.toFixed(3), figure(found.hold)]);
      if (runtime === "node") continue;
      targets.push({
        text:
          `/register costs a native fetch to a port not at risk ${found.registered.toFixed(3)} times on ${runtime} ` +
          `(at most ${MAX_RATIO})`,
        isMet: found.registered <= MAX_RATIO,
      });
    }
  });
  return {
    tables: [{
      caption:
        "**fetch** over a connection that stays, to a port that is not at risk, and **hold and release** of one that is",
      columns: ["", "fetch µs", "registered, times alone", "hold and release µs"],
      rows,
    }],
    targets,
    notes: [],
    data,
  };
}
