import { readFileSync, statSync } from "node:fs";

/**
 * Makes sure that a file of /proc, or of a folder in its place, is a regular one: opening a FIFO could block for ever.
 *
 * @throws ENOENT for a file of another kind
 */
export function assertRegularFile(path: string): void {
  if (statSync(path).isFile()) return;
  throw Object.assign(new Error(`Cannot read ${path}: it is no regular file`), { code: "ENOENT", path });
}

/** The text of such a file. */
export function readProcFile(path: string, encoding: "latin1" | "utf8"): string {
  assertRegularFile(path);
  return readFileSync(path, encoding);
}
