import { UsageError } from "./errors.ts";
import type { WaitTarget } from "./target.ts";
import type { WaitOptions } from "./wait_target.ts";

/** The options of a wait that have an effect on some targets only. */
export interface PartialOptions extends Pick<WaitOptions, "free" | "status" | "attemptTimeout" | "stableFor"> {
  readonly insecure: boolean;
  readonly shield: boolean;
}

/** Why each of these options, when given, would do nothing with these targets. */
function reasonsFor(targets: readonly WaitTarget[], { free }: PartialOptions): Readonly<Record<string, string | null>> {
  const has = (kind: WaitTarget["kind"]): boolean => targets.some((target) => target.kind === kind);
  const ofAnswers = free
    ? "with --free no request is sent"
    : has("http")
    ? null
    : "no target is an http:// or https:// URL";
  return {
    "--status": ofAnswers,
    "--insecure": ofAnswers,
    "--attempt-timeout": free ? "with --free a port is only bound, which takes no time" : null,
    "--stable-for": free || has("tcp") || has("unix") ? null : "for a URL an answer is enough",
    "--shield": has("tcp") || has("http") ? null : "a unix socket has no port",
  };
}

/**
 * Rejects options that do nothing: whoever gives one expects that it does something.
 *
 * @throws UsageError for the first of them
 */
export function assertNoIdleOption(targets: readonly WaitTarget[], options: PartialOptions): void {
  const { status, insecure, attemptTimeout, stableFor, shield } = options;
  const given: Readonly<Record<string, boolean>> = {
    "--status": status !== undefined,
    "--insecure": insecure,
    "--attempt-timeout": attemptTimeout !== undefined,
    "--stable-for": stableFor > 0,
    "--shield": shield,
  };
  for (const [name, reason] of Object.entries(reasonsFor(targets, options))) {
    if (given[name] && reason !== null) throw new UsageError(`Option ${name} has no effect: ${reason}, leave it out`);
  }
}
