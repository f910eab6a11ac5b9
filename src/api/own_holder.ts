import process from "node:process";
import { chooseDialable, mayRead } from "../adapters/detect.ts";
import { isAtRisk, type PortSettings } from "../core/port_range.ts";
import { PROC } from "../host/inspect.ts";
import { PortHolder } from "../host/port_holder.ts";
import { readPortSettings } from "../host/port_settings.ts";

/** Whether this system has a way to keep a port from every client: Linux passes over a port that is bound. */
export const canHold: boolean = process.platform === "linux";

/** Holds ports for this process, or worker thread. */
export const ownHolder: PortHolder = new PortHolder({ choose: chooseDialable });

/** Ports below are for servers with a privilege; the kernel gives them to no client by default. */
const FIRST_UNPRIVILEGED = 1024;

function readSettings(): PortSettings | undefined {
  try {
    return mayRead(PROC) ? readPortSettings() : undefined;
  } catch {
    // Deno reads there only with --allow-all; a container may hide it.
    return undefined;
  }
}

/** Tells of a port whether the kernel may give it to a client, by the settings as they are now; if unknown, it may. */
export function readRisk(): (port: number) => boolean {
  const settings = readSettings();
  if (settings === undefined) return (port) => port >= FIRST_UNPRIVILEGED;
  return (port) => isAtRisk(port, settings);
}
