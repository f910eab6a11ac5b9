import type { Output, System } from "./runtime/system.ts";

type Colour = "red" | "yellow" | "green" | "bold";
const CODES: Readonly<Record<Colour, number>> = { red: 31, yellow: 33, green: 32, bold: 1 };

/** Colours text on a terminal; without colour the text says the same. */
export type Paint = (colour: Colour, text: string) => string;

export function painterFor(output: Output, system: System): Paint {
  const isPlain = !output.isTerminal() || Boolean(system.env("NO_COLOR")) || system.env("TERM") === "dumb";
  return isPlain ? (_colour, text) => text : (colour, text) => `\x1b[${CODES[colour]}m${text}\x1b[0m`;
}

/** How many columns of a terminal the text takes. */
function widthOf(text: string): number {
  // deno-lint-ignore no-control-regex -- the sequences that paint takes
  return [...text.replace(/\x1b\[\d+m/g, "")].length;
}

/** The last column is never cut shorter than this. */
const MIN_LAST_COLUMN = 20;

function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

/**
 * Rows whose columns line up, two blanks apart. The last column is as long as it is, and cut where a terminal's line
 * ends: a line that is broken belongs to no column.
 */
export function table(rows: readonly (readonly string[])[], output: Output): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, widthOf(cell)));
  }
  const rest = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = output.isTerminal() ? Math.max(output.columns() - rest, MIN_LAST_COLUMN) : Infinity;
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === row.length - 1 ? cut(cell, room) : cell + " ".repeat(widths[i]! - widthOf(cell))
    );
    return `${cells.join("  ").trimEnd()}\n`;
  }).join("");
}

/** One JSON document. */
export function writeJson({ stdout }: System, value: unknown): void {
  stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** The same by a command that has more to do than to print it: where it cannot be written, the rest is done. */
export function tryWriteJson(system: System, value: unknown): void {
  try {
    writeJson(system, value);
  } catch {
    // A full disk, or a reader that has gone.
  }
}

/** Milliseconds as JSON shows them. */
export function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Text from elsewhere, such as a command line, that must not move the cursor, break a line or turn its direction. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- they are what is taken out
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, "?");
}

const DRAW_EVERY_MS = 100;

/** A line on a terminal's standard error that is drawn again and again; nothing where there is no terminal. */
export class StatusLine {
  readonly #output: Output;
  readonly #text: () => string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isDrawn = false;

  constructor({ stderr }: System, text: () => string) {
    this.#output = stderr;
    this.#text = text;
    // Not at once: what is over quickly needs no progress, nor the time it takes to ask whether this is a terminal.
    this.#timer = setInterval(() => this.#draw(), DRAW_EVERY_MS);
  }

  #draw(): void {
    if (!this.#output.isTerminal()) return this.clear();
    this.#isDrawn = true;
    this.#output.write(`\r\x1b[K${cut(printable(this.#text()), this.#output.columns() - 1)}`);
  }

  /** Takes the line away. */
  clear(): void {
    clearInterval(this.#timer);
    if (this.#isDrawn) this.#output.write("\r\x1b[K");
    this.#isDrawn = false;
  }
}
