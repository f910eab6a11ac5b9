/** Runs commands, on Bun, which tells what a finished child used. */
import process from "node:process";
import { answerEach, now } from "./answer.ts";

export interface Question {
  readonly command: readonly string[];
}

export interface Answer {
  readonly started: number;
  /** Milliseconds of the shared clock at its exit. */
  readonly ended: number;
  /** Microseconds of CPU time, children included. */
  readonly cpu: number;
  readonly code: number | null;
  readonly stdout: string;
}

await answerEach<Question, Answer>(async ({ command }) => {
  const started = now();
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "ignore", env: process.env });
  const stdout = new Response(child.stdout).text();
  const code = await child.exited;
  const ended = now();
  const { user, system } = child.resourceUsage()!.cpuTime;
  return { started, ended, cpu: Number(user + system), code, stdout: await stdout };
});
