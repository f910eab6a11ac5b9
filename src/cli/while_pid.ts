import { UsageError } from "./errors.ts";
import { poll } from "./poll.ts";

/** How long the process of `--while-pid` may be gone before that is noticed. */
const PROCESS_POLL_MS = 100;

/** Reads the process id of `--while-pid`. */
export function parsePid(text: string): number {
  const pid = Number(text);
  // kill(2) takes other numbers for groups of processes.
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
 * Watches a process from now on, if there is one to watch.
 *
 * @throws NotCapable of Deno, which may not look
 */
export async function watchWhilePid(pid: number | undefined): Promise<ProcessWatch | undefined> {
  if (pid === undefined) return undefined;
  const isRunning = (await import("../host/process_watch.ts")).watchProcess(pid);
  const gone = new AbortController();
  const end = poll(PROCESS_POLL_MS, () => {
    if (!isRunning()) gone.abort(`Process ${pid} is gone`);
    return gone.signal.aborted;
  });
  return { gone: gone.signal, end };
}
