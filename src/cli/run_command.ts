import { type Child, SIGNAL_NAMES, type SignalName, type System } from "./runtime/system.ts";

/**
 * Whether the terminal itself sends this signal to the command: Ctrl-C reaches everything in the foreground, and many
 * programs take a second SIGINT as "at once, without clearing up".
 */
async function comesFromKeyboard(name: SignalName, system: System): Promise<boolean> {
  if (name !== "SIGINT" || !system.isInteractive()) return false;
  return (await import("../host/process_watch.ts")).isInForeground() ?? true;
}

/** Runs the command to its end and resolves with its exit status; signals are passed on to it. */
export async function runCommand(command: readonly string[], system: System): Promise<number> {
  let child: Child | undefined;
  // What arrives while the command is being started must not get lost.
  const early: SignalName[] = [];
  const pass = async (name: SignalName): Promise<void> => {
    if (await comesFromKeyboard(name, system)) return;
    if (child) child.kill(name);
    else early.push(name);
  };
  const releases = SIGNAL_NAMES.map((name) => system.onSignal(name, () => void pass(name)));
  try {
    child = await system.start(command);
    for (const name of early) child.kill(name);
    return await child.ended;
  } finally {
    for (const release of releases) release();
  }
}
