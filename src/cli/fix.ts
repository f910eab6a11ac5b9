import { formatPortList, includesPort, parsePortList, type PortRange, type PortSettings } from "../core/port_range.ts";

const RESERVED_PORTS = "net.ipv4.ip_local_reserved_ports";

function rangesOf(ports: readonly number[]): PortRange[] {
  return ports.map((port) => ({ low: port, high: port }));
}

/** The setting that reserves these ports and keeps the ones already reserved. */
export function reservation(ports: readonly number[], { reserved }: PortSettings): string {
  return `${RESERVED_PORTS}=${formatPortList([...reserved, ...rangesOf(ports)])}`;
}

/** Advice to use a port that no client gets: the nearest below the range, or above it if there is none below. */
export function otherPort(ports: readonly number[], { range, unbindable = [] }: PortSettings): string {
  const isUsable = (port: number): boolean => !ports.includes(port) && !includesPort(unbindable, port);
  for (let port = range.low - 1; port > 0; port--) if (isUsable(port)) return `use another port, such as ${port}`;
  for (let port = range.high + 1; port < 65536; port++) if (isUsable(port)) return `use another port, such as ${port}`;
  return "use another port, after making the ephemeral range smaller: it has all of them";
}

/** One command for each run of ports, each on its own line: cmd and PowerShell have no common way to join two. */
function netshCommands(ports: readonly number[]): string {
  return parsePortList(formatPortList(rangesOf(ports))).map(({ low, high }) =>
    `netsh int ipv4 add excludedportrange protocol=tcp startport=${low} numberofports=${
      high - low + 1
    } store=persistent`
  ).join("\n");
}

/**
 * The command that ends the risk of all these ports: one command, because a second would replace the first. Where no
 * command can end the risk, the advice to use another port.
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
  // macOS and the BSDs have no list of reserved ports. The range can begin higher, but clients need ports.
  const { low, high } = settings.range;
  const first = Math.max(...ports) + 1;
  const isWideEnough = high - first >= (high - low) / 2;
  return isWideEnough ? `${sudo}sysctl -w net.inet.ip.portrange.first=${first}` : otherPort(ports, settings);
}

/** The line above the command. */
export function fixTitle(fix: string, platform: string = process.platform): string {
  return fix.startsWith("netsh") && platform === "win32"
    ? "To end the risk, as administrator, in PowerShell or cmd, while the port is not in use:"
    : "To end the risk:";
}
