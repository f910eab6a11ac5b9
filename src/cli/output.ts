import type { Output, System } from "./runtime/system.ts";

type Colour = "red" | "yellow" | "green" | "bold";
const CODES: Readonly<Record<Colour, number>> = { red: 31, yellow: 33, green: 32, bold: 1 };

/** Colours text on a terminal; without colour the text says the same. */
export type Paint = (colour: Colour, text: string) => string;

/** Whether the output understands sequences that colour text and move the cursor. */
function takesSequences(output: Output, system: System): boolean {
  return output.isTerminal() && system.env("TERM") !== "dumb";
}

export function painterFor(output: Output, system: System): Paint {
  const isPlain = !takesSequences(output, system) || Boolean(system.env("NO_COLOR"));
  return isPlain ? (_colour, text) => text : (colour, text) => `\x1b[${CODES[colour]}m${text}\x1b[0m`;
}

/** Characters that take two columns of a terminal: East Asian ones (UAX #11) and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function columnsOf(character: string): number {
  if (/\p{Mark}/u.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** How many columns of a terminal the text takes. */
function widthOf(text: string): number {
  // deno-lint-ignore no-control-regex -- the sequences that paint takes
  return [...text.replace(/\x1b\[\d+m/g, "")].reduce((sum, character) => sum + columnsOf(character), 0);
}

/** The least width of the last column. */
const MIN_LAST_COLUMN = 20;

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let room = width - 1;
  let kept = "";
  for (const character of text) {
    room -= columnsOf(character);
    if (room < 0) break;
    kept += character;
  }
  return `${kept}…`;
}

/**
 * Rows with aligned columns, two blanks apart. On a terminal the last column is cut at the end of the line: a wrapped
 * line would not be aligned.
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

/** The same where COMMAND follows, if there is one: then a failure to write stops nothing. */
export function writeJsonBefore(command: readonly string[] | undefined, system: System, value: unknown): void {
  if (command === undefined) writeJson(system, value);
  else tryWriteJson(system, value);
}

/** The same for a command that has more to do than to print: a failure to write does not stop it. */
export function tryWriteJson(system: System, value: unknown): void {
  try {
    writeJson(system, value);
  } catch {
    // The disk is full, or the reader has gone.
  }
}

/** Why something failed. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

/**
 * Resolves with what `work` returns. If it fails, the document of its error is written first.
 *
 * @param system undefined without `--json`: then there is no document
 */
export async function orDocument<Result>(
  work: () => Result | Promise<Result>,
  system: System | undefined,
  document: (error: unknown) => unknown,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (system) tryWriteJson(system, document(error));
    throw error;
  }
}

/** Milliseconds for JSON, rounded to a tenth. */
export function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Foreign text, such as a command line, without characters that move the cursor, break or reverse a line. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- they are what is taken out
  return text.replace(/[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, "?");
}

/** Text with URLs in it, without their users and passwords: messages end up in the logs of CI. */
export function withoutUsers(text: string): string {
  return text.replace(/:\/\/[^/?#\s"]*@/g, "://");
}

const DRAW_EVERY_MS = 100;
/** Columns left free for the `^C` that a terminal writes at the cursor: a line that wraps could not be removed. */
const ECHO_COLUMNS = 2;

/** A status line that is redrawn on standard error; there is none if that is no terminal, or a dumb one. */
export class StatusLine {
  readonly #system: System;
  readonly #text: () => string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isDrawn = false;

  constructor(system: System, text: () => string) {
    this.#system = system;
    this.#text = text;
    // Not at once: a short wait needs no progress, and the test for a terminal takes time.
    this.#timer = setInterval(() => this.#draw(), DRAW_EVERY_MS);
  }

  #draw(): void {
    const { stderr } = this.#system;
    if (!takesSequences(stderr, this.#system)) return this.clear();
    this.#isDrawn = true;
    stderr.write(`\r\x1b[K${cut(printable(this.#text()), stderr.columns() - ECHO_COLUMNS)}`);
  }

  /** Removes the line. */
  clear(): void {
    clearInterval(this.#timer);
    if (this.#isDrawn) this.#system.stderr.write("\r\x1b[K");
    this.#isDrawn = false;
  }
}
