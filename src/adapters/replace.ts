/** Is called instead of a function, and gets that function as `original`. */
export type Replacement = (original: (...args: unknown[]) => unknown, thisArg: unknown, args: unknown[]) => unknown;

/** Marks everything that has been replaced, so that another copy of this package does not replace it again. */
const REPLACED: unique symbol = Symbol.for("@realpeer/tcp native guard");

type Method = (...args: unknown[]) => unknown;
type Class = new (...args: unknown[]) => object;

/** Marks a function as replaced; false when it already is, or when `value` is no function. */
function mark(value: unknown): boolean {
  if (typeof value !== "function" || Object.hasOwn(value, REPLACED)) return false;
  Object.defineProperty(value, REPLACED, { value: true });
  return true;
}

/** Sets a property; it stays enumerable or not, as it was. */
function replace(owner: object, name: string, value: unknown): void {
  const shape = Object.getOwnPropertyDescriptor(owner, name);
  if (shape?.configurable !== true) {
    Reflect.set(owner, name, value);
    return;
  }
  const { enumerable = false } = shape;
  Object.defineProperty(owner, name, { value, enumerable, configurable: true, writable: true });
}

/**
 * Replaces a function by a proxy with the same name, length and own properties. With `members` the proxy's target is a
 * copy of the function: a proxy may not report another value for a read-only property of its target.
 */
export function replaceFunction(
  owner: object,
  name: string,
  replacement: Replacement,
  members: Readonly<Record<string, Replacement>> = {},
): void {
  const original = Reflect.get(owner, name) as Method;
  if (!mark(original)) return;
  let target = original;
  if (Object.keys(members).length > 0) {
    const shapes: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(original);
    for (const [member, apply] of Object.entries(members)) {
      const shape = shapes[member];
      const value: unknown = shape?.value;
      if (shape === undefined || typeof value !== "function") continue;
      shape.value = new Proxy(value, { apply: (_target, thisArg, args) => apply(value as Method, thisArg, args) });
    }
    target = Object.defineProperties((): void => {}, shapes);
  }
  replace(owner, name, new Proxy(target, { apply: (_target, thisArg, args) => replacement(original, thisArg, args) }));
}

/**
 * Replaces a class by a proxy: `instanceof`, subclasses and static members stay as they are. `construct` gets a
 * function that makes the instance, and the constructor's arguments.
 */
export function replaceClass(
  owner: object,
  name: string,
  construct: (make: () => object, args: unknown[]) => object,
  apply?: Replacement,
): void {
  const original: unknown = Reflect.get(owner, name);
  if (!mark(original)) return;
  const proxy = new Proxy(original as Class & Method, {
    construct: (target, args, newTarget) => construct(() => Reflect.construct(target, args, newTarget), args),
    ...(apply === undefined ? {} : { apply }),
  });
  const { prototype } = original as Class;
  const shape = Object.getOwnPropertyDescriptor(prototype, "constructor");
  if (shape !== undefined && shape.configurable) {
    Object.defineProperty(prototype, "constructor", { ...shape, value: proxy });
  }
  replace(owner, name, proxy);
}
