import { isGranted, isWindows, readEnv } from "../../adapters/detect.ts";
import { ignoringHangUp, isHangUpIgnored } from "./hang_up.ts";
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
    // None of the three streams is a terminal.
    return undefined;
  }
}

/**
 * What a program's environment needs where PATH is not set: the two folders in which execvp(3) then looks for programs.
 * Deno looks nowhere, and may itself have set PATH to its own folder with a `node`.
 */
function missingEnv(): Record<string, string> {
  if (isWindows || !isGranted({ name: "env", variable: "PATH" })) return {};
  const isMissing = /^([^:]*\/node_compat_bin)?$/.test(readEnv("PATH") ?? "");
  return isMissing ? { PATH: "/bin:/usr/bin" } : {};
}

/** Deno has no names for real-time signals: it rejects with a message that contains the number. */
function realTimeSignalOf(error: unknown): number {
  const [, signal] = /^Invalid signal: (\d+)$/.exec((error as Error).message) ?? [];
  if (signal === undefined) throw error;
  return Number(signal);
}

const mustIgnoreHangUp = isHangUpIgnored((path) =>
  isGranted({ name: "read", path }) ? Deno.readTextFileSync(path) : ""
);

/** Deno's own calls, which need only the permission for the requested action. */
export const system: System = {
  args: Deno.args,
  stdout: output(Deno.stdout),
  stderr: output(Deno.stderr),
  isInteractive: () => Deno.stdin.isTerminal(),
  env(name) {
    // Deno has already read this variable, and Deno.noColor needs no permission.
    if (name === "NO_COLOR") return Deno.noColor ? "1" : undefined;
    return readEnv(name);
  },
  missingEnv,
  onSignal(name, listener) {
    // With a listener for any signal, SIGHUP would end Deno although it was ignored.
    const heard = name === "SIGHUP" && mustIgnoreHangUp ? () => {} : listener;
    try {
      Deno.addSignalListener(name, heard);
    } catch {
      // Windows has only some of these signals.
      return () => {};
    }
    return () => Deno.removeSignalListener(name, heard);
  },
  // deno-lint-ignore require-await -- what the constructor throws must become a rejection
  async start(command) {
    const [file = "", ...args] = mustIgnoreHangUp ? ignoringHangUp(command) : command;
    try {
      const streams = { stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const;
      const child = new Deno.Command(file, { args, env: missingEnv(), ...streams }).spawn();
      return {
        kill(signal) {
          if (isWindows) return;
          try {
            child.kill(signal);
          } catch {
            // The program has already ended.
          }
        },
        // The code of a process ended by a signal is already 128 plus the signal's number.
        ended: child.status.then(({ code }) => code, (error) => 128 + realTimeSignalOf(error)),
      };
    } catch (error) {
      throw cannotRun(file, error);
    }
  },
  exit: (status) => Deno.exit(status),
};
