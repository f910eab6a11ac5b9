import { isGranted } from "../adapters/detect.ts";
import { afterPoll } from "../core/clock.ts";
import { CannotRunError, type Child, FORWARDED_SIGNAL_NAMES, type SignalName, type System } from "./runtime/system.ts";

/** The signals that the terminal itself sends to every process of its foreground group. */
const TERMINAL_SIGNALS: ReadonlySet<SignalName> = new Set<SignalName>(["SIGINT", "SIGQUIT", "SIGWINCH"]);

/** A prompt at Ctrl-C would stop this process. node:child_process needs the whole environment. */
const MAY_LOOK = {
  read: (path: string): boolean => isGranted({ name: "read", path }),
  run: (): boolean => isGranted({ name: "run", command: "/bin/ps" }) && isGranted({ name: "env" }),
};

/**
 * Whether the terminal sends this signal to the command too: Ctrl-C reaches every process in the foreground, and for
 * many programs a second SIGINT means "exit without cleanup".
 */
async function comesFromTerminal(name: SignalName, system: System): Promise<boolean> {
  if (!TERMINAL_SIGNALS.has(name)) return false;
  return (await import("../host/process_watch.ts")).isInForeground(MAY_LOOK) ?? system.isInteractive();
}

/**
 * Runs the command to its end and resolves with its exit status; signals are passed on to it.
 *
 * @throws the reason of `signal` when the user has interrupted before the command has started
 */
export async function runCommand(
  command: readonly string[],
  system: System,
  signal: AbortSignal,
): Promise<number> {
  if (command[0] === "") throw new CannotRunError('""', "there is no such program", 127, undefined);
  let child: Child | undefined;
  // Signals that arrive while the command is being started must not get lost.
  const early: SignalName[] = [];
  const pass = async (name: SignalName): Promise<void> => {
    // COMMAND was not running when the terminal sent the signal.
    if (child === undefined) return void early.push(name);
    if (!await comesFromTerminal(name, system)) child.kill(name);
  };
  const releases = FORWARDED_SIGNAL_NAMES.map((name) => system.onSignal(name, () => void pass(name)));
  try {
    // A signal may have come while the event loop was busy.
    await new Promise<void>((resolve) => afterPoll(resolve));
    signal.throwIfAborted();
    child = await system.start(command);
    for (const name of early) child.kill(name);
    return await child.ended;
  } finally {
    for (const release of releases) release();
  }
}
