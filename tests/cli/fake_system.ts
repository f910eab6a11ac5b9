import type { Child, Output, SignalName, System } from "../../src/cli/runtime/system.ts";

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

/** Runs a command line inside of the test's process. */
export class FakeSystem implements System {
  readonly args: readonly string[];
  readonly stdout: FakeOutput;
  readonly stderr: FakeOutput;
  readonly listeners: Map<SignalName, Set<() => void>> = new Map<SignalName, Set<() => void>>();
  readonly #env: Readonly<Record<string, string>>;

  constructor(args: readonly string[], isTerminal = false, env: Readonly<Record<string, string>> = {}) {
    this.args = args;
    this.stdout = new FakeOutput(isTerminal);
    this.stderr = new FakeOutput(isTerminal);
    this.#env = env;
  }

  isInteractive(): boolean {
    return false;
  }

  env(name: string): string | undefined {
    return this.#env[name];
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

  start(): Promise<Child> {
    return Promise.reject(new Error("Cannot run a command here: this is no real system"));
  }

  exit(): void {
    throw new Error("Cannot exit here: this is no real system");
  }
}
