import { runCommandLine } from "../../src/cli/command_line.ts";
import type { Child, Output, SignalName, System } from "../../src/cli/runtime/system.ts";
import type { Finished } from "../fixtures/runtime.ts";

/** A terminal, or a pipe, that keeps what is written to it. */
export class FakeOutput implements Output {
  text = "";
  readonly #isTerminal: boolean;

  constructor(isTerminal: boolean) {
    this.#isTerminal = isTerminal;
  }

  write(text: string): void {
    this.text += text;
  }

  isTerminal(): boolean {
    return this.#isTerminal;
  }

  columns(): number {
    return 80;
  }
}

/** What a program that a command line starts does: its exit status, once it has ended. */
export type ChildScript = (command: readonly string[]) => number | Promise<number>;

/** Runs a command line inside of the test's process. */
export class FakeSystem implements System {
  readonly args: readonly string[];
  readonly stdout: FakeOutput;
  readonly stderr: FakeOutput;
  readonly listeners: Map<SignalName, Set<() => void>> = new Map<SignalName, Set<() => void>>();
  /** The programs that were started. */
  readonly started: (readonly string[])[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #child: ChildScript | undefined;

  constructor(
    args: readonly string[],
    isTerminal = false,
    env: Readonly<Record<string, string>> = {},
    child?: ChildScript,
  ) {
    this.args = args;
    this.stdout = new FakeOutput(isTerminal);
    this.stderr = new FakeOutput(isTerminal);
    this.#env = env;
    this.#child = child;
  }

  isInteractive(): boolean {
    return false;
  }

  env(name: string): string | undefined {
    return this.#env[name];
  }

  missingEnv(): Record<string, string> {
    return {};
  }

  onSignal(name: SignalName, listener: () => void): () => void {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** What the kernel does when somebody sends the signal. */
  raise(name: SignalName): void {
    for (const listener of this.listeners.get(name) ?? []) listener();
  }

  start(command: readonly string[]): Promise<Child> {
    if (this.#child === undefined) {
      return Promise.reject(new Error("Cannot run a command here: this is no real system"));
    }
    this.started.push(command);
    return Promise.resolve({ kill() {}, ended: Promise.resolve(this.#child(command)) });
  }

  exit(): void {
    throw new Error("Cannot exit here: this is no real system");
  }
}

/** Runs `realpeer` to its end in this process. What only a process has needs `runRealpeer`: streams, signals, warnings. */
export async function runHere(args: readonly string[], child?: ChildScript): Promise<Finished> {
  const system = new FakeSystem(args, false, {}, child);
  const code = await runCommandLine(system);
  return { code, signal: null, stdout: system.stdout.text, stderr: system.stderr.text };
}
