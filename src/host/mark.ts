/**
 * The mark of a tree: a soft limit on file locks that all descendants inherit. Linux has not enforced RLIMIT_LOCKS
 * since 2.4 (getrlimit(2)), but keeps it and shows it in /proc/PID/limits, also for daemons and setuid programs.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { PROC } from "./inspect.ts";
import { parseLockLimits } from "./process_table.ts";

/** Marks are numbers from here up to twice as much. A limit outside this range was set by another program. */
const FIRST_MARK = 2 ** 30;
/** A mark is the id of the process that made it, of 22 bits at most (proc(5), pid_max), and eight bits more. */
const MARKS_OF_ONE_PROCESS = 2 ** 8;

/** The id of the `realpeer start` that made this mark; null for any other limit. */
export function makerOf(limit: number | null | undefined): number | null {
  if (limit === null || limit === undefined || limit < FIRST_MARK || limit >= 2 * FIRST_MARK) return null;
  return Math.floor((limit - FIRST_MARK) / MARKS_OF_ONE_PROCESS);
}

/** Not from 0: an earlier process may have had this process's id. */
let serial = Math.floor(Math.random() * MARKS_OF_ONE_PROCESS);

/** A mark for a new tree of this process; null when the process may not set a limit that high. */
export function newMark(root: string = PROC): number | null {
  try {
    const hard = parseLockLimits(readFileSync(join(root, "self/limits"), "latin1"))?.hard ?? 0;
    const mark = FIRST_MARK + process.pid * MARKS_OF_ONE_PROCESS + serial++ % MARKS_OF_ONE_PROCESS;
    return mark <= hard ? mark : null;
  } catch {
    // Not Linux, or Deno lacks the permission.
    return null;
  }
}
