import { type PortShield, shieldPort } from "../api/shield_port.ts";
import type { WaitTarget } from "./target.ts";

/**
 * What `--shield` does: as long as the command waits, no client of this host is given one of the targets' ports, so that
 * none can take it from the server. Resolves with what ends that.
 *
 * @throws when a port cannot be held
 */
export async function shieldTargets(targets: readonly WaitTarget[]): Promise<() => Promise<void>> {
  const shields: PortShield[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(shields.map((shield) => shield.release()));
  };
  try {
    const ports = targets.flatMap((target) => target.kind === "unix" ? [] : [target.port]);
    for (const port of new Set(ports)) shields.push(await shieldPort(port));
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}
