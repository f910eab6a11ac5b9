import { isGranted } from "../adapters/detect.ts";
import { UsageError } from "./errors.ts";
import { poll } from "./poll.ts";

/** The pause between two checks of the process of `--while-pid`. */
const PROCESS_POLL_MS = 100;

/** Reads the process id of `--while-pid`. */
export function parsePid(text: string): number {
  const pid = Number(text);
  // kill(2) interprets other numbers as process groups.
  if (!/^\d+$/.test(text) || pid < 1) throw new UsageError(`Cannot read --while-pid ${text}: expected a process id`);
  return pid;
}

/** The watch on the process of `--while-pid`. */
export interface ProcessWatch {
  /** Aborts once the process is gone. */
  readonly gone: AbortSignal;
  /** Ends the watch. */
  readonly end: () => void;
}

/**
 * Watches the process from now on; undefined when `pid` is.
 *
 * @throws Deno.errors.NotCapable when Deno lacks the permission
 */
export async function watchWhilePid(pid: number | undefined): Promise<ProcessWatch | undefined> {
  if (pid === undefined) return undefined;
  const { watchProcess } = await import("../host/process_watch.ts");
  const isRunning = watchProcess(pid, { read: (path) => isGranted({ name: "read", path }) });
  const gone = new AbortController();
  const end = poll(PROCESS_POLL_MS, () => {
    if (!isRunning()) gone.abort(`Process ${pid} is gone`);
    return gone.signal.aborted;
  });
  return { gone: gone.signal, end };
}
