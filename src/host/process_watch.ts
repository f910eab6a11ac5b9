import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { PROC } from "./inspect.ts";
import { parseProcessStat, type ProcessStat } from "./proc.ts";

function readStat(pid: number | "self"): ProcessStat | null {
  try {
    return parseProcessStat(readFileSync(join(PROC, String(pid), "stat"), "latin1"));
  } catch {
    // There is no process of that id, this user may not see it, or there is no /proc.
    return null;
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException;
    // Deno may not look: that says nothing about the process.
    if (name === "NotCapable") throw error;
    // Another user's process may be looked for, though not be sent anything.
    return code === "EPERM";
  }
}

/**
 * A function that tells whether the process that has this id now is still running. One that has ended counts as gone even if its
 * parent has not looked yet, and so does one whose id belongs to another process by now; both only where there is a
 * /proc.
 */
export function watchProcess(pid: number): () => boolean {
  const startTime = readStat(pid)?.startTime;
  return () => {
    if (!exists(pid)) return false;
    const stat = readStat(pid);
    return stat === null || (stat.state !== "Z" && stat.state !== "X" && stat.startTime === startTime);
  };
}

/** The two groups that ps(1) tells of on macOS and the BSDs, where there is no /proc; null where it cannot be asked. */
function askGroups(): Pick<ProcessStat, "processGroup" | "foregroundGroup"> | null {
  try {
    const args = ["-o", "pgid=,tpgid=", "-p", String(process.pid)];
    const text = execFileSync("/bin/ps", args, { encoding: "latin1", stdio: ["ignore", "pipe", "ignore"] });
    const [processGroup = 0, foregroundGroup = -1] = text.trim().split(/\s+/).map(Number);
    return { processGroup, foregroundGroup };
  } catch {
    return null;
  }
}

/** Whether a key pressed on the terminal, such as Ctrl-C, reaches this process and those it started; null if unknown. */
export function isInForeground(): boolean | null {
  // A console of Windows sends Ctrl-C to every process that is attached to it, and nothing else does.
  if (process.platform === "win32") return true;
  const groups = readStat("self") ?? askGroups();
  return groups && groups.processGroup === groups.foregroundGroup;
}
