/** Parses the process lists of each system; nothing here reads a file or runs a program. */

/** A process, with the fields that show which tree it belongs to. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** 0 where the system has none, or does not report it. */
  readonly group: number;
  readonly session: number;
  /** Whether the process is a zombie: it has ended, holds no port and runs no code. */
  readonly isGone: boolean;
  /** Grows from process to process; the unit depends on the system. Identifies a process together with the pid. */
  readonly startTime: number;
  /** The name of the program or its whole command line, depending on the system. */
  readonly name: string;
}

/** A key that distinguishes two processes that had the same id at different times. */
export function keyOf({ pid, startTime }: ProcessRow): string {
  return `${pid} ${startTime}`;
}

/** What /proc/PID/stat tells beyond that. */
export interface ProcessStat extends ProcessRow {
  /** The process group in the foreground of the controlling terminal; -1 without one. */
  readonly foregroundGroup: number;
  /** The status that wait(2) will return; null unless the process is a zombie. */
  readonly waitStatus: number | null;
}

/** /proc/PID/stat (proc(5)); null when the text has another shape. The unit of `startTime` is a tick since boot. */
export function parseStat(text: string): ProcessStat | null {
  // The second field is the program's name in parentheses, which may contain blanks and parentheses.
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const pid = Number(text.slice(0, open));
  const fields = text.slice(close + 2).trimEnd().split(" ");
  const [state] = fields;
  // The main thread may have ended before the others: these still run, and hold the sockets.
  const hasThreads = Number(fields[17]) > 1;
  const startTime = Number(fields[19]);
  if (open < 1 || !Number.isInteger(pid) || !Number.isInteger(startTime)) return null;
  const exitCode = Number(fields[49]);
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    foregroundGroup: Number(fields[5]),
    isGone: state === "X" || (state === "Z" && !hasThreads),
    startTime,
    name: text.slice(open + 1, close),
    waitStatus: state === "Z" && !hasThreads && Number.isInteger(exitCode) ? exitCode : null,
  };
}

/** Soft and hard limit of "Max file locks" in /proc/PID/limits; Infinity where there is none. */
export function parseLockLimits(text: string): { readonly soft: number; readonly hard: number } | null {
  const [, soft, hard] = /^Max file locks\s+(\S+)\s+(\S+)/m.exec(text) ?? [];
  if (soft === undefined || hard === undefined) return null;
  const limit = (word: string): number => word === "unlimited" ? Infinity : Number(word);
  return { soft: limit(soft), hard: limit(hard) };
}

/** The columns requested from ps(1) on macOS and the BSDs; the ps of Linux has them too. */
export const PS_COLUMNS = "pid=,ppid=,pgid=,stat=,lstart=,command=";

/** Parses `ps -axo` with these columns and `LC_ALL=C`: `lstart` is five words. */
export function parsePs(text: string): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s*(.*)$/.exec(line);
    if (match === null) continue;
    const [, pid, parent, group, state = "", started = "", name = ""] = match;
    rows.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: 0,
      isGone: state.startsWith("Z"),
      startTime: Date.parse(started) || 0,
      name,
    });
  }
  return rows;
}

/** The PowerShell query on Windows. It prints a line for each process, separated by blanks, with the name last. */
export const WINDOWS_QUERY: string = "Get-CimInstance Win32_Process | ForEach-Object " +
  `{ "$($_.ProcessId) $($_.ParentProcessId) $($_.CreationDate.ToFileTimeUtc()) $($_.Name)" }`;

/** Parses the output of that query. System processes have no creation date. */
export function parseWindowsProcesses(text: string): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const line of text.split(/\r?\n/)) {
    const match = /^(\d+) (\d+) (\d*) (.*)$/.exec(line.trim());
    if (match === null) continue;
    const [, pid, parent, started, name = ""] = match;
    // The unit is 100 ns since 1601, too many for a double; tenths of a millisecond fit.
    const startTime = Math.floor(Number(started) / 1000);
    rows.push({ pid: Number(pid), parent: Number(parent), group: 0, session: 0, isGone: false, startTime, name });
  }
  return rows;
}
