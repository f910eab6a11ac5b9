import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROC } from "./inspect.ts";
import { parseLockLimits } from "./process_table.ts";

/**
 * Marks identify the trees of `realpeer start`. The lower 31 bits are a number from here up to twice as much: a limit
 * outside this range was set by another program. A tree that is started inside of another has the lower bits of the
 * outermost one, and a number above them that tells it from the others there.
 */
const FIRST_MARK = 2 ** 30;
const LOWER_BITS = 2 ** 31;
/** The number above the lower bits: together they are an integer that a double holds exactly. */
const UPPER_NUMBERS = 2 ** 22;

function lowerOf(mark: number): number {
  return mark % LOWER_BITS;
}

/** Whether a limit is a mark of this or another `realpeer start`. */
export function isMark(limit: number | null): boolean {
  return limit !== null && limit < UPPER_NUMBERS * LOWER_BITS && lowerOf(limit) >= FIRST_MARK;
}

/** Whether a process with this limit belongs to a tree with this mark, or to one that was started in it. */
export function isMarkedBy(mark: number, limit: number | null): boolean {
  return limit === mark || (mark < LOWER_BITS && limit !== null && isMark(limit) && lowerOf(limit) === mark);
}

/** A random mark for a new tree; null when this process may not set a limit that high. */
export function chooseMark(random: number, root: string = PROC): number | null {
  try {
    const limits = parseLockLimits(readFileSync(join(root, "self/limits"), "latin1"));
    if (limits === null) return null;
    const { soft, hard } = limits;
    const mark = isMark(soft)
      ? lowerOf(soft) + LOWER_BITS * (1 + Math.floor(random * (UPPER_NUMBERS - 1)))
      : FIRST_MARK + Math.floor(random * FIRST_MARK);
    return mark <= hard ? mark : null;
  } catch {
    // Not Linux, or Deno lacks the permission.
    return null;
  }
}
