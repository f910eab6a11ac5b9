import { PROC, type SocketInfo } from "../host/inspect.ts";

/** Another folder instead of /proc, such as the host's own /proc mounted into a container. */
export const PROC_OPTION = { proc: { type: "string" } } as const;

/** The commands that show the same on systems without /proc/net, in their usual shells. */
const SCANS_ELSEWHERE: Readonly<Record<string, string>> = {
  darwin: `netstat -anv -p tcp | awk '$4 == $5 && $6 != "TIME_WAIT"'`,
  freebsd: `sockstat -46c -P tcp | awk '$6 == $7'`,
  win32: "in PowerShell, Get-NetTCPConnection | Where-Object { $_.LocalPort -eq $_.RemotePort -and " +
    "$_.LocalAddress -eq $_.RemoteAddress -and $_.State -ne 'TimeWait' } | Format-Table LocalAddress, LocalPort, OwningProcess",
};
const SCAN_AT_LEAST = "netstat -an -p tcp";

const OTHER_FOLDER = `is proc(5) mounted on ${PROC}? Else name its place with --proc`;
/** The hint of commands without `--proc`. */
export const MOUNT_PROC: string = `mount proc(5): mount -t proc proc ${PROC}`;

/** The error with a hint: `ifMissing` without proc(5), on other systems the command that shows the same. */
export function withHint(error: unknown, ifMissing: string): unknown {
  const { name, code, path, message } = error as NodeJS.ErrnoException;
  if (name === "NotCapable") {
    return new Error(`Cannot read ${PROC}: Deno allows that only with the --allow-all flag`, { cause: error });
  }
  if (code === undefined) return error;
  const hint = process.platform === "linux"
    ? code === "ENOENT" || code === "ENOTDIR" ? ifMissing : "run it as root"
    : `this system has its own command: ${SCANS_ELSEWHERE[process.platform] ?? SCAN_AT_LEAST}`;
  return new Error(`Cannot read ${path ?? message} (${code}), ${hint}`, { cause: error });
}

/** Runs code that reads /proc, and adds a hint to its error. */
export function readingProc<Result>(read: () => Result, ifMissing: string = OTHER_FOLDER): Result {
  try {
    return read();
  } catch (error) {
    throw withHint(error, ifMissing);
  }
}

/** A listening socket, as `--json` shows it. */
export interface ListenerReport extends Pick<SocketInfo, "local" | "pid" | "command" | "uid" | "netns"> {}

export function listenerReport({ local, pid, command, uid, netns }: SocketInfo): ListenerReport {
  return { local, pid, command, uid, netns };
}

/** Describes the program of a socket: `node (pid 12)`. */
export function nameOf({ pid, command }: ListenerReport): string {
  if (pid === null) return "a process that cannot be seen";
  const [program = "?"] = (command ?? "?").split(" ");
  return `${program.slice(program.lastIndexOf("/") + 1)} (pid ${pid})`;
}
