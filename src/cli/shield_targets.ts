import { type PortShield, shieldPort } from "../api/shield_port.ts";
import type { WaitTarget } from "./target.ts";

/**
 * Implements `--shield`: during the wait no client of this host gets one of the targets' ports, so no client can take
 * it from the server. Resolves with a function that ends the shields.
 *
 * @throws Error when a port cannot be held
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
