import { join } from "node:path";
import { PROC } from "./inspect.ts";
import { outputOf, readStat } from "./process_system.ts";
import type { ProcessStat } from "./process_table.ts";

/** Whether this process may do something without asking the user: Deno prompts for a permission that it lacks. */
export interface MayLook {
  readonly read: (path: string) => boolean;
  /** To run ps(1). */
  readonly run: () => boolean;
}

function statOf(pid: number | "self", may: Pick<MayLook, "read">): ProcessStat | null {
  return may.read(join(PROC, String(pid), "stat")) ? readStat(pid) : null;
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException;
    // Deno lacks the permission, which says nothing about the process.
    if (name === "NotCapable") throw error;
    // The process exists but belongs to another user.
    return code === "EPERM";
  }
}

/**
 * Returns a function that tells whether the process that has this id now is still running. Where there is a /proc, a
 * zombie does not count as running, nor does another process that got the same id later.
 */
export function watchProcess(pid: number, may: Pick<MayLook, "read">): () => boolean {
  const startTime = statOf(pid, may)?.startTime;
  return () => {
    if (!exists(pid)) return false;
    const stat = statOf(pid, may);
    return stat === null || (!stat.isGone && stat.startTime === startTime);
  };
}

/** The two groups from ps(1), for macOS and the BSDs, which have no /proc; null when ps cannot be run. */
function askGroups(): Pick<ProcessStat, "group" | "foregroundGroup"> | null {
  const text = outputOf("/bin/ps", ["-o", "pgid=,tpgid=", "-p", String(process.pid)]);
  if (text === null) return null;
  const [group = 0, foregroundGroup = -1] = text.trim().split(/\s+/).map(Number);
  return { group, foregroundGroup };
}

/** Whether a key on the terminal, such as Ctrl-C, reaches this process and its children; null if unknown. */
export function isInForeground(may: MayLook): boolean | null {
  // On Windows only the console sends Ctrl-C, to every process attached to it.
  if (process.platform === "win32") return true;
  const groups = statOf("self", may) ?? (may.run() ? askGroups() : null);
  return groups && groups.group === groups.foregroundGroup;
}
