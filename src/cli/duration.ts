import { UsageError } from "./errors.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of `250ms`, `30s`, `5m`, `1h` or `0`.
 *
 * @throws UsageError when the text has another shape
 */
export function parseDuration(option: string, text: string): number {
  if (text === "0") return 0;
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?|\.\d+)([a-z]*)$/i.exec(text) ?? [];
  const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  const ms = Number(digits) * (factor ?? NaN);
  if (Number.isFinite(ms)) return ms;
  if (factor !== undefined) {
    throw new UsageError(`Cannot read ${option} ${text.slice(0, 20)}...: it is too long a time`);
  }
  const expected = digits !== "" && unit === "" ? `a unit, as in ${digits}s or ${digits}ms` : "250ms, 30s, 5m, 1h or 0";
  throw new UsageError(`Cannot read ${option} ${text}: expected ${expected}`);
}

/** A duration for people: `12 ms`, `1.2 s`, `30 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(Number.isInteger(ms / 1000) ? 0 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
