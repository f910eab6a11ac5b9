/** The value that `share` (0 to 1) of the sample does not exceed, between two neighbours in proportion. */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(sample: readonly number[]): number {
  return quantile(sample, 0.5);
}

/** Median and 95th percentile, the two figures a sample is told by. */
export interface Spread {
  readonly median: number;
  readonly p95: number;
}

export function spread(sample: readonly number[]): Spread {
  return { median: median(sample), p95: quantile(sample, 0.95) };
}

/** The median of what one subject took over what the other took in the same round: a drift of the machine cancels out. */
export function ratio(subject: readonly number[], base: readonly number[]): number {
  return median(subject.map((value, round) => value / base[round]!));
}

/** Three significant digits, and never an exponent. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 3));
}

/** A copy in random order, so that no subject always runs behind the same other one. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
