import type { KeptPort, OpenSelf, PortKeeper } from "../core/port_keeper.ts";
import { guardNativeCalls as guardBunCalls, openWithBunConnect } from "./bun/native_guard.ts";
import { guardNativeCalls as guardDenoCalls } from "./deno/native_guard.ts";
import { isBun, isDeno } from "./detect.ts";

/** Connects a socket to itself before the call returns; undefined where this runtime cannot do that. */
export const openAtOnce: OpenSelf | undefined = isBun ? openWithBunConnect : undefined;

/** Guards the calls of this runtime that do not go through node:net. Node has none. */
export function guardNativeCalls(keeper: PortKeeper & { holdAtOnce(port: number): KeptPort }): void {
  if (isDeno) guardDenoCalls(keeper);
  if (isBun) guardBunCalls(keeper);
}
