/** Parses what systems tell of their processes; nothing here reads a file or runs a program. */

/** A process, as far as it matters for whose it is. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** 0 where the system has none, or does not tell. */
  readonly group: number;
  readonly session: number;
  /** Whether it has ended and only its parent has not looked yet: a zombie holds no port and runs no code. */
  readonly isGone: boolean;
  /** Grows from process to process, in a unit of the system's own. With the pid it names one process for good. */
  readonly startTime: number;
  /** The name of the program, or all of its command line, as the system tells it. */
  readonly name: string;
}

/** What tells two processes apart that had the same id one after the other. */
export function keyOf({ pid, startTime }: ProcessRow): string {
  return `${pid} ${startTime}`;
}

/** /proc/PID/stat (proc(5)); null when the text has another shape. */
export function parseStat(text: string): ProcessRow | null {
  // The second field is the program's name in parentheses, which may hold blanks and parentheses.
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const pid = Number(text.slice(0, open));
  const fields = text.slice(close + 2).split(" ");
  const startTime = Number(fields[19]);
  if (open < 1 || !Number.isInteger(pid) || !Number.isInteger(startTime)) return null;
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    isGone: fields[0] === "Z" || fields[0] === "X",
    startTime,
    name: text.slice(open + 1, close),
  };
}

/** The last field but one of /proc/PID/stat: what wait(2) will tell; null unless the process has ended. */
export function parseWaitStatus(text: string): number | null {
  const fields = text.slice(text.lastIndexOf(")") + 2).trimEnd().split(" ");
  const status = Number(fields[49]);
  return fields[0] === "Z" && Number.isInteger(status) ? status : null;
}

/** Soft and hard limit of "Max file locks" in /proc/PID/limits; Infinity where there is none. */
export function parseLockLimits(text: string): { readonly soft: number; readonly hard: number } | null {
  const [, soft, hard] = /^Max file locks\s+(\S+)\s+(\S+)/m.exec(text) ?? [];
  if (soft === undefined || hard === undefined) return null;
  const limit = (word: string): number => word === "unlimited" ? Infinity : Number(word);
  return { soft: limit(soft), hard: limit(hard) };
}

/** What ps(1) is asked for on macOS and the BSDs; Linux's answers the same. */
export const PS_COLUMNS = "pid=,ppid=,pgid=,stat=,lstart=,command=";

/** Lines of `ps -axo` with these columns, with `LC_ALL=C`: `lstart` is five words. */
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

/** What PowerShell is asked for on Windows: one line for each process, blanks between, a name at the end. */
export const WINDOWS_QUERY: string = "Get-CimInstance Win32_Process | ForEach-Object " +
  `{ "$($_.ProcessId) $($_.ParentProcessId) $($_.CreationDate.ToFileTimeUtc()) $($_.Name)" }`;

/** Lines of that query. System processes have no creation date. */
export function parseWindowsProcesses(text: string): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const line of text.split(/\r?\n/)) {
    const match = /^(\d+) (\d+) (\d*) (.*)$/.exec(line.trim());
    if (match === null) continue;
    const [, pid, parent, started, name = ""] = match;
    // Hundreds of nanoseconds since 1601 are more than a double holds: a tenth of a millisecond is.
    const startTime = Math.floor(Number(started) / 1000);
    rows.push({ pid: Number(pid), parent: Number(parent), group: 0, session: 0, isGone: false, startTime, name });
  }
  return rows;
}
