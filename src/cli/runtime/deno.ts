import { cannotRun, type Output, outputOf, type System } from "./system.ts";

type Stream = typeof Deno.stdout | typeof Deno.stderr;

function output(stream: Stream): Output {
  return outputOf(
    (bytes) => stream.writeSync(bytes),
    () => stream.isTerminal(),
    columns,
    stream === Deno.stderr,
  );
}

function columns(): number | undefined {
  try {
    return Deno.consoleSize().columns;
  } catch {
    // Neither of the three streams is a terminal.
    return undefined;
  }
}

const isWindows = Deno.build.os === "windows";

/** Deno has no name for real-time signals, and rejects with the number in the message. */
function realTimeSignalOf(error: unknown): number {
  const [, signal] = /^Invalid signal: (\d+)$/.exec((error as Error).message) ?? [];
  if (signal === undefined) throw error;
  return Number(signal);
}

/** Deno's own calls, which need no more permission than what is asked of them does. */
export const system: System = {
  args: Deno.args,
  stdout: output(Deno.stdout),
  stderr: output(Deno.stderr),
  isInteractive: () => Deno.stdin.isTerminal(),
  env(name) {
    // Deno has looked already, and needs no permission to say so.
    if (name === "NO_COLOR") return Deno.noColor ? "1" : undefined;
    return Deno.permissions.querySync({ name: "env", variable: name }).state === "granted"
      ? Deno.env.get(name)
      : undefined;
  },
  onSignal(name, listener) {
    try {
      Deno.addSignalListener(name, listener);
    } catch {
      // Windows has only some of them.
      return () => {};
    }
    return () => Deno.removeSignalListener(name, listener);
  },
  // deno-lint-ignore require-await -- what the constructor throws must become a rejection
  async start([file = "", ...args]) {
    try {
      const child = new Deno.Command(file, { args, stdin: "inherit", stdout: "inherit", stderr: "inherit" }).spawn();
      return {
        kill(signal) {
          if (isWindows) return;
          try {
            child.kill(signal);
          } catch {
            // It has ended by itself.
          }
        },
        // The code of a process that a signal ended is 128 and the signal's number already.
        ended: child.status.then(({ code }) => code, (error) => 128 + realTimeSignalOf(error)),
      };
    } catch (error) {
      throw cannotRun(file, error);
    }
  },
  exit: (status) => Deno.exit(status),
};
