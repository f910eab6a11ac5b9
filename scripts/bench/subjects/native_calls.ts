/**
 * Fetches from a server, or holds a port and releases it, as often as it is asked, and tells what that took.
 * native_calls.ts PORT [PORT_AT_RISK]
 */
import process from "node:process";
import { ownHolder } from "../../../src/api/own_holder.ts";
import { answerEach, cpu } from "./answer.ts";
import type { Answer } from "./dials.ts";

export interface Question {
  readonly count: number;
  readonly kind: "fetch" | "hold";
}

const url = `http://127.0.0.1:${process.argv[2]}/`;
const portAtRisk = Number(process.argv[3]);

async function fetchOnce(): Promise<void> {
  const text = await (await fetch(url)).text();
  if (text !== "real") throw new Error(`Cannot measure: the server said ${text}`);
}

async function holdOnce(): Promise<void> {
  const hold = ownHolder.hold(portAtRisk);
  await hold.settled;
  if (hold.state !== "held") throw new Error(`Cannot measure: a server listens on ${portAtRisk}`);
  await hold.release();
}

await answerEach<Question, Answer>(async ({ count, kind }) => {
  const once = kind === "fetch" ? fetchOnce : holdOnce;
  const [started, cpuBefore] = [performance.now(), cpu()];
  for (let done = 0; done < count; done++) await once();
  return { wall: (performance.now() - started) * 1000 / count, cpu: (cpu() - cpuBefore) / count };
});
