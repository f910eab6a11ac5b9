import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { environment, root } from "../run.ts";

export type Runtime = "node" | "deno" | "bun";
export const RUNTIMES: readonly Runtime[] = ["node", "deno", "bun"];

/** Where the package and the subjects lie as plain JavaScript, as long as the benchmark runs. */
export const buildFolder: string = mkdtempSync(join(tmpdir(), "realpeer-bench-"));
process.on("exit", () => rmSync(buildFolder, { recursive: true, force: true }));

/** The command that runs a JavaScript file: no loader that would count as ours. */
export function onRuntime(runtime: Runtime, path: string, args: readonly string[]): string[] {
  return runtime === "deno" ? ["deno", "run", "-A", "--quiet", path, ...args] : [runtime, path, ...args];
}

/** The command of one subject in scripts/bench/subjects. */
export function subject(runtime: Runtime, name: string, args: readonly string[] = []): string[] {
  return onRuntime(runtime, join(buildFolder, "scripts/bench/subjects", `${name}.js`), args);
}

function start(command: readonly string[], stdin: "pipe" | "ignore"): ChildProcess {
  const [file, ...args] = command as [string, ...string[]];
  return spawn(file, args, { cwd: root, env: environment, stdio: [stdin, "pipe", "inherit"] });
}

/** Runs a command to its end and returns what it printed. */
export function output(command: readonly string[]): Promise<string> {
  const child = start(command, "ignore");
  let text = "";
  child.stdout!.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(text);
      reject(new Error(`Cannot measure: ${command.join(" ")} ended with ${signal ?? code}`));
    });
  });
}

/** Runs a subject that prints one JSON document. */
export async function jsonOf<Result>(command: readonly string[]): Promise<Result> {
  return JSON.parse(await output(command)) as Result;
}

/** A program that answers each line of JSON with another one, until its standard input ends. */
export class Conversation<Question, Answer> {
  readonly #child: ChildProcess;
  readonly #waiting: {
    resolve: (answer: Answer) => void;
    reject: (error: Error) => void;
  }[] = [];
  readonly #closed: Promise<void>;
  /** Resolves when the program has loaded everything and listens to questions. */
  readonly ready: Promise<Answer>;

  constructor(command: readonly string[]) {
    this.#child = start(command, "pipe");
    const ended = (why: unknown): void => {
      const error = new Error(`Cannot measure: ${command.join(" ")} ended with ${why}`);
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    };
    this.#closed = new Promise((resolve) => this.#child.on("close", () => resolve()));
    this.#child.on("error", ended).on("close", (code, signal) => ended(signal ?? code));
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.#waiting.shift()?.resolve(JSON.parse(line) as Answer);
    });
    this.ready = this.#next();
  }

  #next(): Promise<Answer> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  ask(question: Question): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(question)}\n`);
    return this.#next();
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    await this.#closed;
  }
}
