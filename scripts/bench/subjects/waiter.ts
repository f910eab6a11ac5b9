/** Waits for ports with one tool, and tells when it reported and what that took. */
import process from "node:process";
import { answerEach, cpu, now } from "./answer.ts";
import { waiter } from "./waiters.ts";

export interface Answer {
  /** Milliseconds of the shared clock. */
  readonly reported: number;
  /** Microseconds of CPU time from the call to the report. */
  readonly cpu: number;
}

const wait = await waiter(process.argv[2]!);
await answerEach<{ port: number }, Answer>(async ({ port }) => {
  const before = cpu();
  await wait(port);
  return { reported: now(), cpu: cpu() - before };
});
