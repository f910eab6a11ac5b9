import { parseArgs } from "node:util";
import { isPort } from "../core/endpoint.ts";
import { UsageError } from "./errors.ts";

/** Whether an option takes a value, and its short form. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly short?: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The parsed arguments; an option that was not given is undefined. */
export interface Arguments<Specs extends OptionSpecs> {
  readonly values: { readonly [Name in keyof Specs]?: Specs[Name]["type"] extends "boolean" ? boolean : string };
  readonly positionals: readonly string[];
}

/** The options of every command. */
export const GENERAL_OPTIONS: readonly string[] = ["help", "version"];

/** The longest word that is compared with the known ones. */
const MAX_WORD = 40;

/** How many letters must be changed, inserted, deleted or swapped with their neighbour (Damerau-Levenshtein). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The known word that the user probably meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // A word several times as long as the known ones is never near.
  if (word.length > MAX_WORD) return undefined;
  const isNear = (other: string): boolean =>
    editDistance(word, other) <= Math.max(1, Math.floor(other.length / 2)) ||
    (word.length > 1 && other.startsWith(word));
  // The beginning of a word is nearer than a misspelt one.
  const distance = (other: string): number => other.startsWith(word) ? 0 : editDistance(word, other);
  return known.filter(isNear).toSorted((a, b) => distance(a) - distance(b))[0];
}

function unknownOption(rawName: string, specs: OptionSpecs, command: string): UsageError {
  const meant = rawName.startsWith("--")
    ? nearest(rawName.slice(2), [...Object.keys(specs), ...GENERAL_OPTIONS])
    : undefined;
  const hint = meant === undefined ? `see realpeer ${command} --help` : `did you mean --${meant}?`;
  return new UsageError(`Unknown option ${rawName}, ${hint}`);
}

function takesNoValue(rawName: string, value: string | undefined): UsageError {
  return new UsageError(`Option ${rawName} takes no value, got ${JSON.stringify(value)}`);
}

/**
 * Parses the arguments of one command.
 *
 * @throws UsageError for an unknown option, with the nearest known one
 */
export function parseArguments<const Specs extends OptionSpecs>(
  command: string,
  args: readonly string[],
  specs: Specs,
): Arguments<Specs> {
  // The errors of strict parsing differ between the runtimes, and suggest no option.
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: specs,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
    // parseArgs takes "-q=1" for the short options -q, -= and -1.
    const [, flag, rest] = token.rawName === "-=" ? /^(-[^=]+)=(.*)$/.exec(args[token.index] ?? "") ?? [] : [];
    if (flag !== undefined) throw takesNoValue(flag, rest);
    if (GENERAL_OPTIONS.includes(token.name) && token.value !== undefined) {
      throw takesNoValue(token.rawName, token.value);
    }
    if (spec === undefined) throw unknownOption(token.rawName, specs, command);
    if (spec.type === "boolean" && token.value !== undefined) throw takesNoValue(token.rawName, token.value);
    const isMissing = token.value === undefined || token.value === "" ||
      (!token.inlineValue && token.value.startsWith("-"));
    if (spec.type === "string" && isMissing) {
      throw new UsageError(`Option ${token.rawName} needs a value, see realpeer ${command} --help`);
    }
  }
  return { values: values as Arguments<Specs>["values"], positionals };
}

/**
 * Reads an argument that is a port.
 *
 * @throws UsageError when the text is no port
 */
export function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!isPort(port)) throw new UsageError(`Cannot read port ${text}: expected a number from 1 to 65535`);
  return port;
}

/** The arguments before the first "--", and the command after it. */
export function splitCommand(
  args: readonly string[],
): { readonly ours: readonly string[]; readonly command: readonly string[] | undefined } {
  const separator = args.indexOf("--");
  if (separator < 0) return { ours: args, command: undefined };
  const command = args.slice(separator + 1);
  if (command.length === 0) throw new UsageError("No command after --, leave it out or add one");
  return { ours: args.slice(0, separator), command };
}
