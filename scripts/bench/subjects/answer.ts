import process from "node:process";
import { createInterface } from "node:readline";

/** Says that it is ready, then answers each line of JSON on standard input with one on standard output; see `Conversation`. */
export async function answerEach<Question, Answer>(answer: (question: Question) => Promise<Answer>): Promise<void> {
  console.log("null");
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(JSON.parse(line) as Question)));
  }
  process.exit(0);
}

/** Microseconds of CPU time that this process has used. */
export function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Milliseconds of a clock that all processes of this machine share. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
