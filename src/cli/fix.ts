import process from "node:process";
import { formatPortList, includesPort, parsePortList, type PortRange, type PortSettings } from "../core/port_range.ts";

const RESERVED_PORTS = "net.ipv4.ip_local_reserved_ports";

function rangesOf(ports: readonly number[]): PortRange[] {
  return ports.map((port) => ({ low: port, high: port }));
}

/** The setting that makes reserved what is reserved already and these ports. */
export function reservation(ports: readonly number[], { reserved }: PortSettings): string {
  return `${RESERVED_PORTS}=${formatPortList([...reserved, ...rangesOf(ports)])}`;
}

/** Advice to take a port that no client is given: the nearest below the range, or above it where there is none. */
export function otherPort(ports: readonly number[], { range, unbindable = [] }: PortSettings): string {
  const isUsable = (port: number): boolean => !ports.includes(port) && !includesPort(unbindable, port);
  for (let port = range.low - 1; port > 0; port--) if (isUsable(port)) return `use another port, such as ${port}`;
  for (let port = range.high + 1; port < 65536; port++) if (isUsable(port)) return `use another port, such as ${port}`;
  return "use another port, after making the ephemeral range smaller: it has all of them";
}

/** One command for each run of ports, each on a line of its own: cmd and PowerShell have no common way to join two. */
function netshCommands(ports: readonly number[]): string {
  return parsePortList(formatPortList(rangesOf(ports))).map(({ low, high }) =>
    `netsh int ipv4 add excludedportrange protocol=tcp startport=${low} numberofports=${
      high - low + 1
    } store=persistent`
  ).join("\n");
}

/**
 * The command that ends the risk of these ports: one for all of them, as each replaces the last one. Where no command can,
 * the advice to use another port.
 */
export function fixCommand(
  ports: readonly number[],
  settings: PortSettings,
  platform: string = process.platform,
  isRoot: boolean = process.getuid?.() === 0,
): string {
  if (platform === "win32") return netshCommands(ports);
  const sudo = isRoot ? "" : "sudo ";
  if (platform === "linux") return `${sudo}sysctl -w ${reservation(ports, settings)}`;
  // macOS and the BSDs have no list of reserved ports. The range can begin later, but clients need ports too.
  const { low, high } = settings.range;
  const first = Math.max(...ports) + 1;
  const isWideEnough = high - first >= (high - low) / 2;
  return isWideEnough ? `${sudo}sysctl -w net.inet.ip.portrange.first=${first}` : otherPort(ports, settings);
}

/** The line that stands over the command. */
export function fixTitle(fix: string, platform: string = process.platform): string {
  return fix.startsWith("netsh") && platform === "win32"
    ? "To end the risk, as administrator, in PowerShell or cmd, while the port is not in use:"
    : "To end the risk:";
}
