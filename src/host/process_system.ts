import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROC } from "./inspect.ts";
import {
  parseLockLimits,
  parsePs,
  parseStat,
  parseWindowsProcesses,
  type ProcessRow,
  type ProcessStat,
  PS_COLUMNS,
  WINDOWS_QUERY,
} from "./process_table.ts";
import { inSystemFolder } from "./system_folder.ts";

/** The result of sending a signal. */
export type Delivery = "sent" | "gone" | "denied";

/** All visible processes, and whether some ended before they could be read. */
export interface ProcessList {
  readonly rows: readonly ProcessRow[];
  readonly hasVanished: boolean;
}

/** The operations of a system on processes that are not children of this one. */
export interface ProcessSystem {
  /** Whether a program can be asked to end before it is killed. */
  readonly canAsk: boolean;
  /** Calls `visit` with each process as soon as it is read, the newest first. Null when no process is visible. */
  list(visit?: (row: ProcessRow) => void): ProcessList | null;
  /** One process; null when there is none. */
  read(pid: number): ProcessRow | null;
  /**
   * The mark that a process was started with (see `start_server.ts`); null when it has none or the system has no marks,
   * undefined when the process is gone.
   */
  readMark(pid: number): number | null | undefined;
  /** Sends a signal to a process or, with a negative number, to a process group. */
  signal(target: number, name: NodeJS.Signals): Delivery;
}

/** kill(2). */
function sendSignal(target: number, name: NodeJS.Signals): Delivery {
  try {
    process.kill(target, name);
    return "sent";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EPERM" || code === "EACCES" ? "denied" : "gone";
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // The process has ended, or belongs to another user, or Deno lacks the permission.
    return null;
  }
}

/** The names in a folder; null when there is no folder, or Deno lacks the permission. */
function readNames(folder: string): string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}

/** /proc/PID/stat; null when there is no such process, or it cannot be seen. */
export function readStat(pid: number | "self", root: string = PROC): ProcessStat | null {
  const text = readText(join(root, String(pid), "stat"));
  return text === null ? null : parseStat(text);
}

/** Linux, by proc(5). */
export function linuxProcesses(root: string = PROC): ProcessSystem {
  const read = (pid: number): ProcessRow | null => readStat(pid, root);
  return {
    canAsk: true,
    read,
    list(visit) {
      const pids = (readNames(root) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
      const rows: ProcessRow[] = [];
      for (const pid of pids.toSorted((a, b) => b - a)) {
        const row = read(pid);
        if (row === null) continue;
        rows.push(row);
        visit?.(row);
      }
      // This process always exists: if it is not in the list, no process is visible.
      return rows.length === 0 ? null : { rows, hasVanished: rows.length < pids.length };
    },
    readMark(pid) {
      const text = readText(join(root, String(pid), "limits"));
      if (text === null) return undefined;
      const soft = parseLockLimits(text)?.soft ?? Infinity;
      return soft === Infinity ? null : soft;
    },
    signal: sendSignal,
  };
}

/** The output of another program; null when it cannot be run. */
export function outputOf(file: string, args: readonly string[]): string | null {
  try {
    return execFileSync(file, args, {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 1 << 26,
      windowsHide: true,
    });
  } catch {
    return null;
  }
}

function withoutMarks(
  list: () => ProcessList | null,
  signal: ProcessSystem["signal"],
): Omit<ProcessSystem, "canAsk"> {
  return {
    signal,
    list(visit) {
      const all = list();
      if (visit) all?.rows.forEach(visit);
      return all;
    },
    read: (pid) => list()?.rows.find((row) => row.pid === pid) ?? null,
    readMark: () => null,
  };
}

/** The processes that another program lists; null when the list is empty, which means that it failed. */
function listBy(file: string, args: readonly string[], parse: (text: string) => ProcessRow[]): ProcessList | null {
  const rows = parse(outputOf(file, args) ?? "");
  return rows.length === 0 ? null : { rows, hasVanished: false };
}

/** macOS and the BSDs, by ps(1). */
export function psProcesses(): ProcessSystem {
  return { canAsk: true, ...withoutMarks(() => listBy("ps", ["-axo", PS_COLUMNS], parsePs), sendSignal) };
}

/** Windows has no signals: a program is not asked to end but killed, with all its descendants. */
export function windowsProcesses(): ProcessSystem {
  const powershell = ["-NoProfile", "-NonInteractive", "-Command", WINDOWS_QUERY];
  const end: ProcessSystem["signal"] = (target) => {
    // Windows has no process groups.
    if (target < 0) return "gone";
    outputOf(inSystemFolder("taskkill.exe"), ["/pid", String(target), "/T", "/F"]);
    return sendSignal(target, "SIGKILL");
  };
  const list = (): ProcessList | null =>
    listBy(inSystemFolder("WindowsPowerShell\\v1.0\\powershell.exe"), powershell, parseWindowsProcesses);
  return { canAsk: false, ...withoutMarks(list, end) };
}

/** The process system of this platform. */
export function processSystem(platform: string = process.platform): ProcessSystem {
  if (platform === "win32") return windowsProcesses();
  return platform === "linux" || platform === "android" ? linuxProcesses() : psProcesses();
}
