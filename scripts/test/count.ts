/** How the tests of one suite ended. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A suite that could not even start. */
export const FAILED: Count = { passed: 0, failed: 1, skipped: 0 };

/** A suite that this machine cannot run, with the reason in view. */
export function skipped(suite: string, reason: string): Count {
  console.log(`${suite}: skipped: ${reason}`);
  return { passed: 0, failed: 0, skipped: 1 };
}

export function sum(counts: readonly Count[]): Count {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of counts) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}
