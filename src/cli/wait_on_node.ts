/**
 * What npm installs as `realpeer`, packed as CommonJS, which Node loads without its slower loader for ES modules: a
 * `wait` on Node, whose start is most of what it takes when the port is open already, is run here. Everything else is
 * for the ES modules of main.ts.
 */
import { runCommandLine } from "./command_line.ts";
import { system } from "./runtime/node.ts";

const isNode = !("Deno" in globalThis || "Bun" in globalThis);
const isWait = system.args[0] === "wait" && !system.args.some((arg) => /^(-h|-V|--help|--version)$/.test(arg));
if (isNode && isWait) void runCommandLine(system).then((status) => system.exit(status));
else void import("./main.ts");
