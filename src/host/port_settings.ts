import { execFileSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parsePortList, type PortRange, type PortSettings } from "../core/port_range.ts";
import { PROC } from "./inspect.ts";

/** The two numbers of /proc/sys/net/ipv4/ip_local_port_range, or of the sysctls that are the same on macOS. */
export function parseRange(text: string): PortRange {
  const [low, high] = text.trim().split(/\s+/).map(Number);
  if (!low || !high) throw new SyntaxError(`Cannot read the ephemeral range: got "${text.trim()}"`);
  return { low, high };
}

/** What `netsh int ipv4 show dynamicport tcp` prints, in whatever language: a start and a count. */
export function parseDynamicPorts(text: string): PortRange {
  const [low, count] = [...text.matchAll(/:\s*(\d+)\s*$/gm)].map((match) => Number(match[1]));
  if (!low || !count) throw new SyntaxError(`Cannot read the ephemeral range: got "${text.trim()}"`);
  return { low, high: low + count - 1 };
}

/** What `netsh int ipv4 show excludedportrange protocol=tcp` prints: a start and an end a line. */
export function parseExcludedPorts(text: string): PortRange[] {
  return [...text.matchAll(/^\s*(\d+)\s+(\d+)\s*\*?\s*$/gm)].map((match) => ({
    low: Number(match[1]),
    high: Number(match[2]),
  }));
}

/** More than the longest list of reserved ports: every second one. */
const SYSCTL_BYTES = 1 << 18;

/** A sysctl tells all in its first read, as much as that has room for, and nothing in the next: Deno's begins small. */
function readSysctl(path: string): string {
  const buffer = new Uint8Array(SYSCTL_BYTES);
  const file = openSync(path, "r");
  try {
    return new TextDecoder().decode(buffer.subarray(0, readSync(file, buffer)));
  } finally {
    closeSync(file);
  }
}

function output(file: string, ...args: string[]): string {
  return execFileSync(file, args, { encoding: "utf8" });
}

/**
 * The ephemeral range and the reserved ports of this network namespace, or of the whole system where it has none.
 *
 * @throws when they cannot be read
 */
export function readPortSettings(root: string = PROC, platform: string = process.platform): PortSettings {
  if (platform === "win32") {
    return {
      range: parseDynamicPorts(output("netsh", "int", "ipv4", "show", "dynamicport", "tcp")),
      reserved: parseExcludedPorts(output("netsh", "int", "ipv4", "show", "excludedportrange", "protocol=tcp")),
      prefersParity: false,
    };
  }
  if (platform === "darwin") {
    const names = ["net.inet.ip.portrange.first", "net.inet.ip.portrange.last"];
    return { range: parseRange(output("sysctl", "-n", ...names)), reserved: [], prefersParity: false };
  }
  const read = (name: string): string => readSysctl(join(root, "sys/net/ipv4", name));
  return {
    range: parseRange(read("ip_local_port_range")),
    reserved: parsePortList(read("ip_local_reserved_ports")),
    prefersParity: true,
  };
}
