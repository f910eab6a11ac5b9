import { print } from "../run.ts";

/** How the tests of one suite ended. */
export interface Count {
  readonly passed: number;
  /** The names of the tests that failed, each with the first line of why, as far as it is known. */
  readonly failures: readonly string[];
  readonly skipped: number;
}

/** A suite that could not even start. */
export function notRun(reason: string): Count {
  return { passed: 0, failures: [reason], skipped: 0 };
}

/** A suite that this machine cannot run, with the reason in view. */
export function skipped(suite: string, reason: string): Count {
  print(`${suite}: skipped: ${reason}`);
  return { passed: 0, failures: [], skipped: 1 };
}

export function sum(counts: readonly Count[]): Count {
  return {
    passed: counts.reduce((total, { passed }) => total + passed, 0),
    failures: counts.flatMap(({ failures }) => failures),
    skipped: counts.reduce((total, { skipped }) => total + skipped, 0),
  };
}

/** `3 passed, 0 failed, 1 skipped`. */
export function describeCount({ passed, failures, skipped }: Count): string {
  return `${passed} passed, ${failures.length} failed, ${skipped} skipped`;
}
