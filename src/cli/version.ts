/** The version in deno.json and package.json, which the command may not be able to read. */
export const VERSION = "0.1.0";
