import process from "node:process";
import { formatPortList, type PortSettings } from "../core/port_range.ts";

const RESERVED_PORTS = "net.ipv4.ip_local_reserved_ports";

/** The setting that makes reserved what is reserved already and these ports. */
export function reservation(ports: readonly number[], { reserved }: PortSettings): string {
  const list = formatPortList([...reserved, ...ports.map((port) => ({ low: port, high: port }))]);
  return `${RESERVED_PORTS}=${list}`;
}

/** The command that takes the ports out of the kernel's choice: one for all of them, as each replaces the last one. */
export function fixCommand(
  ports: readonly number[],
  settings: PortSettings,
  platform: string = process.platform,
  isRoot: boolean = process.getuid?.() === 0,
): string {
  if (platform === "win32") {
    return ports.map((port) =>
      `netsh int ipv4 add excludedportrange protocol=tcp startport=${port} numberofports=1 store=persistent`
    ).join(" && ");
  }
  const sudo = isRoot ? "" : "sudo ";
  // macOS has no list of reserved ports, but a range whose low end can be moved.
  if (platform === "darwin") return `${sudo}sysctl -w net.inet.ip.portrange.first=${Math.max(...ports) + 1}`;
  return `${sudo}sysctl -w ${reservation(ports, settings)}`;
}
