/** The version of deno.json and package.json, which the command may lack permission to read. */
export const VERSION = "0.1.0";
