import { ownProperty, typeError } from "../core/checks.ts";
import type { ConnectOptions } from "../core/options.ts";
import { parseEndpoint } from "../core/parse_endpoint.ts";

/**
 * One options object from either form of call: `(options)`, or `("host:5432", options?)` and `(5432, options?)`.
 *
 * @throws TypeError when the text is no endpoint, or the options give the endpoint a second time
 */
export function optionsOf<Options extends ConnectOptions>(
  first: Options | string | number,
  more?: Omit<Options, "hostname" | "port">,
): Options {
  if (typeof first !== "string" && typeof first !== "number") {
    if (typeof first !== "object" || first === null || typeof more !== "object") return first;
    throw new TypeError("Cannot connect: the options are given twice, put all into one object");
  }
  const target = typeof first === "string" ? parseEndpoint(first) : { port: first };
  if (more !== undefined && (typeof more !== "object" || more === null)) throw typeError("options", more, "an object");
  const twice = ["hostname", "port"].find((name) => more !== undefined && ownProperty(more, name) !== undefined);
  if (twice !== undefined) throw new TypeError(`Cannot connect: ${twice} is given twice, leave one out`);
  return { ...more, ...target } as Options;
}
