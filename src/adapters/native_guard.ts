import type { KeptPort, PortKeeper } from "../core/native_call.ts";
import { guardNativeCalls as guardBunCalls, openWithBunConnect } from "./bun/native_guard.ts";
import { guardNativeCalls as guardDenoCalls } from "./deno/native_guard.ts";
import { isBun, isDeno } from "./detect.ts";

/** How this runtime connects a socket to itself before the call returns; undefined where it cannot. */
export const openAtOnce: typeof openWithBunConnect | undefined = isBun ? openWithBunConnect : undefined;

/** Guards what does not go through node:net in this runtime; on Node everything does. */
export function guardNativeCalls(keeper: PortKeeper & { holdAtOnce(port: number): KeptPort }): void {
  if (isDeno) guardDenoCalls(keeper);
  if (isBun) guardBunCalls(keeper);
}
