import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { parsePortList, type PortRange, type PortSettings } from "../core/port_range.ts";
import { PROC } from "./inspect.ts";
import { assertRegularFile } from "./proc_file.ts";
import { inSystemFolder } from "./system_folder.ts";

function rangeOf(low: number | undefined, high: number | undefined, text: string): PortRange {
  const isRange = low !== undefined && high !== undefined && 1 <= low && low <= high && high <= 65535;
  if (!isRange) throw new SyntaxError(`Cannot read the ephemeral range: got ${JSON.stringify(text.trim())}`);
  return { low, high };
}

/** The two numbers of /proc/sys/net/ipv4/ip_local_port_range, or of the equivalent sysctls of macOS. */
export function parseRange(text: string): PortRange {
  const [low, high] = text.trim().split(/\s+/).map(Number);
  return rangeOf(low, high, text);
}

/**
 * The output of `netsh int ipv4 show dynamicport tcp`: a start and a count, each at the end of a line. The words before
 * them depend on the language, and the colon may follow a no-break space (French) or be a full-width one.
 */
export function parseDynamicPorts(text: string): PortRange {
  const [low, count] = [...text.matchAll(/^[^\d\n]*[^\d\s][^\d\n]*?(\d+)\s*$/gm)].map((match) => Number(match[1]));
  return rangeOf(low, (low ?? NaN) + (count ?? NaN) - 1, text);
}

/** The port exclusions of Windows. */
export interface ExcludedPorts {
  /** Marked "*": set by an administrator with netsh. A server that asks for such a port gets it. */
  readonly administered: readonly PortRange[];
  /** Without "*": taken by a service, mostly for Hyper-V. No server can bind such a port (WSAEACCES). */
  readonly unbindable: readonly PortRange[];
}

/** The output of `netsh int ipv4 show excludedportrange protocol=tcp`: a start, an end and perhaps "*" on each line. */
export function parseExcludedPorts(text: string): ExcludedPorts {
  const administered: PortRange[] = [];
  const unbindable: PortRange[] = [];
  for (const [, low, high, star] of text.matchAll(/^[^\S\n]*(\d+)[^\S\n]+(\d+)[^\S\n]*(\*?)[^\S\n]*$/gm)) {
    (star ? administered : unbindable).push({ low: Number(low), high: Number(high) });
  }
  return { administered, unbindable };
}

/** More than the longest list of reserved ports: every second one. */
const SYSCTL_BYTES = 1 << 18;

/** A sysctl file returns data only to the first read, as much as fits: Deno's readFile begins with a small buffer. */
function readSysctl(path: string): string {
  const buffer = new Uint8Array(SYSCTL_BYTES);
  assertRegularFile(path);
  const file = openSync(path, "r");
  try {
    return new TextDecoder().decode(buffer.subarray(0, readSync(file, buffer)));
  } finally {
    closeSync(file);
  }
}

/**
 * Runs a program of the system by its full path, so never another program of that name in PATH or the current folder.
 * Only the ASCII characters of the output are used: its code page is unknown.
 */
function output(file: string, ...args: string[]): string {
  // Loaded here because Linux does not need this module.
  const { execFileSync } = process.getBuiltinModule("node:child_process");
  try {
    return execFileSync(file, args, { encoding: "latin1", stdio: ["ignore", "pipe", "ignore"], windowsHide: true });
  } catch (error) {
    const { code, status, name } = error as { code?: string; status?: number; name?: string };
    if (name === "NotCapable") throw error;
    const reason = code ?? `it ended with status ${status}`;
    throw new Error(`Cannot read the ephemeral range: ${file} could not be asked (${reason})`, { cause: error });
  }
}

function readWindowsSettings(): PortSettings {
  const netsh = inSystemFolder("netsh.exe");
  const { administered, unbindable } = parseExcludedPorts(
    output(netsh, "int", "ipv4", "show", "excludedportrange", "protocol=tcp"),
  );
  return {
    range: parseDynamicPorts(output(netsh, "int", "ipv4", "show", "dynamicport", "tcp")),
    reserved: administered,
    unbindable,
    prefersParity: false,
  };
}

/** The path of sysctl(8). The names of the range's two ends are the same on these systems. */
const BSD_SYSCTL: Readonly<Record<string, string>> = { darwin: "/usr/sbin/sysctl", freebsd: "/sbin/sysctl" };
const BSD_RANGE = ["net.inet.ip.portrange.first", "net.inet.ip.portrange.last"] as const;

/**
 * The ephemeral range and the reserved ports of this network namespace, or of a system without namespaces.
 *
 * @throws Error when they cannot be read, or this system is not supported
 */
export function readPortSettings(root: string = PROC, platform: string = process.platform): PortSettings {
  if (platform === "win32") return readWindowsSettings();
  const sysctl = BSD_SYSCTL[platform];
  if (sysctl !== undefined) {
    return { range: parseRange(output(sysctl, "-n", ...BSD_RANGE)), reserved: [], prefersParity: false };
  }
  if (platform !== "linux" && platform !== "android") {
    throw new Error(`Cannot read the ephemeral range: it is not known how ${platform} tells it`);
  }
  const read = (name: string): string => readSysctl(join(root, "sys/net/ipv4", name));
  return {
    range: parseRange(read("ip_local_port_range")),
    reserved: parsePortList(read("ip_local_reserved_ports")),
    prefersParity: true,
  };
}
