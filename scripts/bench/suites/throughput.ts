import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { environment } from "../../run.ts";
import { jsonOf, type Runtime, RUNTIMES, subject as commandFor } from "../child.ts";
import { figure, median, ratio, shuffled } from "../numbers.ts";
import type { Findings, Suite, Target } from "../suite.ts";
import type { Subject } from "../subjects/pipes.ts";
import type { Answer } from "../subjects/throughput.ts";

const ROUNDS = 7;
const TASKS = {
  "send": { amount: 2 ** 30, atLeast: 0.9 },
  "receive": { amount: 2 ** 30, atLeast: 0.9 },
  "ping-pong": { amount: 30_000, atLeast: 0.8 },
} as const;
type Task = keyof typeof TASKS;

const WEB_STREAMS: Readonly<Record<Runtime, readonly Subject[]>> = {
  node: ["Duplex.toWeb"],
  deno: ["Deno.TcpConn's streams"],
  bun: [],
};

function subjectsOf(runtime: Runtime, task: Task): readonly Subject[] {
  const fresh: readonly Subject[] = runtime === "deno" ? ["bare, fresh buffers"] : [];
  const reading: readonly Subject[] = task === "receive" ? [...fresh, "portable, own buffer"] : [];
  return ["bare", "portable", ...reading, ...WEB_STREAMS[runtime]];
}

/** Runs `use` while a peer in a Node process of its own listens. */
async function withPeer<Result>(use: (port: number) => Promise<Result>): Promise<Result> {
  const [file, ...args] = commandFor("node", "throughput_peer") as [string, ...string[]];
  const peer = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"], env: environment });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      peer.on("error", reject);
      createInterface({ input: peer.stdout }).once("line", (line) => resolve(Number(line)));
    });
    return await use(port);
  } finally {
    peer.kill();
  }
}

async function run(): Promise<Findings> {
  const rows: string[][] = [];
  const targets: Target[] = [];
  const data: Record<string, unknown> = {};
  await withPeer(async (port) => {
    for (const runtime of RUNTIMES) {
      for (const task of Object.keys(TASKS) as Task[]) {
        const subjects = subjectsOf(runtime, task);
        const { amount, atLeast } = TASKS[task];
        const taken = new Map<Subject, Answer[]>(subjects.map((subject) => [subject, []]));
        for (let round = 0; round < ROUNDS; round++) {
          for (const subject of shuffled(subjects)) {
            const args = [subject, task, String(port), String(amount)];
            taken.get(subject)!.push(await jsonOf<Answer>(commandFor(runtime, "throughput", args)));
          }
        }
        const ratesOf = (subject: Subject): number[] => taken.get(subject)!.map(({ rate }) => rate);
        for (const subject of subjects) {
          const rate = median(ratesOf(subject));
          const share = ratio(ratesOf(subject), ratesOf("bare"));
          const memory = median(taken.get(subject)!.map(({ peakMemory }) => peakMemory)) / 2 ** 20;
          data[`${runtime}: ${subject}: ${task}`] = { rate, share, memory };
          const shown = task === "ping-pong" ? `${Math.round(rate)} /s` : `${figure(rate / 2 ** 20)} MiB/s`;
          rows.push([`${runtime}, ${task}: ${subject}`, shown, share.toFixed(2), `${Math.round(memory)} MiB`]);
        }
        const share = ratio(ratesOf("portable"), ratesOf("bare"));
        targets.push({
          text: `${runtime}, ${task}: ${share.toFixed(2)} of bare (at least ${atLeast})`,
          isMet: share >= atLeast,
        });
        if (subjects.includes("bare, fresh buffers")) {
          const alike = ratio(ratesOf("portable"), ratesOf("bare, fresh buffers"));
          targets.push({
            text: `${runtime}, ${task}: ${alike.toFixed(2)} of bare with fresh buffers (at least ${atLeast})`,
            isMet: alike >= atLeast,
          });
        }
        if (!subjects.includes("Duplex.toWeb")) continue;
        const ahead = ratio(ratesOf("portable"), ratesOf("Duplex.toWeb"));
        targets.push({ text: `node, ${task}: ${ahead.toFixed(2)} of Duplex.toWeb (at least 1)`, isMet: ahead >= 1 });
      }
    }
  });
  return {
    tables: [{
      caption: "**1 GiB each way in chunks of 64 KiB, and 64 bytes back and forth**, over loopback",
      columns: ["", "rate", "of bare", "peak memory"],
      rows,
    }],
    targets,
    notes: [
      `${ROUNDS} processes of each, which take turns; each share is the median over all rounds`,
      "the peer is a Node process; each end has a core where there are two",
      "a reader of the portable connection gets a fresh buffer with each chunk, as web streams ask for; with its own buffer (BYOB) it uses one again and again, as bare Deno.TcpConn does here; bare with fresh buffers is what is left to a web stream there",
      "bare is net.Socket's events, Deno.TcpConn's read and write, Bun.Socket's handlers; Duplex.toWeb and Deno.TcpConn's streams are what web streams cost",
    ],
    data,
  };
}

/** What a Connection's web streams cost a program that moves bytes. */
export const throughput: Suite = { name: "throughput", title: "Throughput", run };
