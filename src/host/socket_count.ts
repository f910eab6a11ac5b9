import { closeSync, openSync, readSync } from "node:fs";
import type { Hint } from "../core/attempt.ts";
import { PROC } from "./inspect.ts";
import { SharedLooks } from "./shared_looks.ts";

const BUFFER_BYTES = 256;
const NEWLINE = 10;
const DIGIT_ZERO = 48;

/** The files, the number of lines before the relevant one, and the text before the number in that line. */
const FILES = [
  { path: "net/sockstat", skippedLines: 1, prefix: "TCP: inuse " },
  { path: "net/sockstat6", skippedLines: 0, prefix: "TCP6: inuse " },
] as const;

/** The number that begins at `start`. Parsed in place, because this happens some hundred times a second. */
function parseDigits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index++) {
    const digit = bytes[index]! - DIGIT_ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}

interface OpenFile {
  readonly fd: number;
  readonly skippedLines: number;
  readonly prefixLength: number;
  count: number;
}

/**
 * The kernel's count of the TCP sockets of this network namespace that listen, connect or are connected. A server that
 * begins to listen adds one for its IP version. Sockets in TIME_WAIT and sockets that are only bound are not counted.
 */
export class SocketCount {
  readonly #files: OpenFile[] = [];
  readonly #bytes: Uint8Array = new Uint8Array(BUFFER_BYTES);

  /** @throws when there is no such count, or when it cannot be read */
  constructor(root: string = PROC) {
    for (const { path, skippedLines, prefix } of FILES) {
      try {
        const fd = openSync(`${root}/${path}`, "r");
        this.#files.push({ fd, skippedLines, prefixLength: prefix.length, count: 0 });
      } catch (error) {
        // The second file is missing where IPv6 is switched off.
        if (this.#files.length === 0) throw error;
      }
    }
    this.hasChanged();
  }

  /** Whether a count differs from that of the last call. */
  hasChanged(): boolean {
    let hasChanged = false;
    for (const file of this.#files) {
      const end = readSync(file.fd, this.#bytes, 0, BUFFER_BYTES, 0);
      let start = 0;
      for (let line = 0; line < file.skippedLines; line++) start = this.#bytes.indexOf(NEWLINE, start) + 1;
      const count = parseDigits(this.#bytes, start + file.prefixLength, end);
      if (count === file.count) continue;
      file.count = count;
      hasChanged = true;
    }
    return hasChanged;
  }

  close(): void {
    for (const { fd } of this.#files) closeSync(fd);
  }
}

let shared: { readonly count: SocketCount; readonly looks: SharedLooks } | undefined;
let hints = 0;

/**
 * A hint that calls back when the number of TCP sockets has changed; null where that number is missing or may not be
 * read. All hints of the process share one reader and one timer.
 *
 * @param mayRead whether a file may be read without asking the user. Deno reads these files only with `--allow-all`.
 */
export function openSocketCountHint(mayRead: (path: string) => boolean = () => true): Hint | null {
  if (shared === undefined) {
    if (!FILES.every(({ path }) => mayRead(`${PROC}/${path}`))) return null;
    try {
      const count = new SocketCount();
      shared = { count, looks: new SharedLooks(() => count.hasChanged()) };
    } catch {
      return null;
    }
  }
  hints++;
  const hint = shared.looks.newHint();
  let isClosed = false;
  return {
    watch: (onChange) => hint.watch(onChange),
    close() {
      if (isClosed) return;
      isClosed = true;
      hint.stop();
      if (--hints > 0) return;
      shared?.count.close();
      shared = undefined;
    },
  };
}
