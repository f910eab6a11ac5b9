import process from "node:process";

/** MiB of resident memory without garbage: when V8 collects the old generation is chance, and a difference of 10 MiB. */
export function megabytes(): number {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(isSync: boolean): void } };
  if (gc) gc();
  else Bun?.gc(true);
  return process.memoryUsage().rss / 2 ** 20;
}
