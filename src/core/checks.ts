/** Checks of values that users pass; each error tells the option, what it must be, and what it is. */
import { isPort } from "./endpoint.ts";

/** A wrong value as an error shows it. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  // String() throws for an object without a prototype.
  return typeof value === "object" && value !== null ? Object.prototype.toString.call(value) : String(value);
}

export function typeError(name: string, value: unknown, expected: string): TypeError {
  return new TypeError(`Cannot connect: ${name} must be ${expected}, got ${show(value)}`);
}

export function assertNumber(
  name: string,
  value: unknown,
  expected: string,
  isInRange: (value: number) => boolean,
): void {
  if (typeof value !== "number") throw typeError(name, value, expected);
  if (!isInRange(value)) throw new RangeError(`Cannot connect: ${name} must be ${expected}, got ${value}`);
}

export function assertPort(name: string, value: unknown): asserts value is number {
  if (!isPort(value)) assertNumber(name, value, "an integer from 1 to 65535", isPort);
}

export const isDuration = (ms: number): boolean => ms >= 0;
const isFiniteDuration = (ms: number): boolean => ms >= 0 && ms < Infinity;

/** Milliseconds of a limit; 0, Infinity and undefined are no limit. */
export function limit(name: string, value: number | undefined): number {
  if (value === undefined) return Infinity;
  assertNumber(name, value, "0 or more milliseconds", isDuration);
  return value === 0 ? Infinity : value;
}

export function duration(name: string, value: number): number {
  assertNumber(name, value, "0 or more milliseconds and finite", isFiniteDuration);
  return value;
}

export function assertFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") throw typeError(name, value, "a function");
}

/** A property that is not inherited, or undefined. */
export function ownProperty(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined;
}

/** A copy without a prototype, so that properties of Object.prototype are not read as options. */
export function ownProperties<Options extends object>(options: Options): Options {
  return Object.assign(Object.create(null), options);
}

/** Checks the shape, not the class: in test environments a signal may come from another realm. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}
