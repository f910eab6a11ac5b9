import { GENERAL_OPTIONS, nearest } from "./arguments.ts";
import { Interrupted, Status, UsageError } from "./errors.ts";
import { Interrupts } from "./interrupts.ts";
import { messageOf, printable, withoutUsers } from "./output.ts";
import { CannotRunError, isBrokenPipe, type System } from "./runtime/system.ts";
import { wait } from "./commands/wait.ts";

/** One of the commands; resolves with its exit status. */
export type Command = (args: readonly string[], system: System, interrupts: Interrupts) => Promise<number> | number;

/** Each command is loaded when used: its imports cost time. `wait` must start fast and is imported above. */
const commands: Readonly<Record<string, () => Command | Promise<Command>>> = {
  wait: () => wait,
  start: async () => (await import("./commands/start.ts")).start,
  demo: async () => (await import("./commands/demo.ts")).demo,
  check: async () => (await import("./commands/check.ts")).check,
  scan: async () => (await import("./commands/scan.ts")).scan,
  shield: async () => (await import("./commands/shield.ts")).shield,
};
const COMMAND_NAMES: readonly string[] = Object.keys(commands);

function unknownCommand(name: string): UsageError {
  const isOption = name.startsWith("-");
  const meant = nearest(name.replace(/^-+/, ""), isOption ? GENERAL_OPTIONS : [...COMMAND_NAMES, ...GENERAL_OPTIONS]);
  const hint = meant !== undefined
    ? `did you mean ${GENERAL_OPTIONS.includes(meant) ? "--" : ""}${meant}?`
    : /\d$/.test(name)
    ? `did you mean realpeer wait ${name}?`
    : "see realpeer --help";
  return new UsageError(`Unknown ${isOption ? "option" : "command"} ${name}, ${hint}`);
}

async function run(system: System, interrupts: Interrupts): Promise<number> {
  const [name, ...args] = system.args;
  if (name === undefined) {
    throw new UsageError(`No command: expected one of ${COMMAND_NAMES.join(", ")}, see realpeer --help`);
  }
  // The arguments after "--" belong to COMMAND.
  const separator = system.args.indexOf("--");
  const ours = separator < 0 ? system.args : system.args.slice(0, separator);
  if (ours.includes("--version") || ours.includes("-V")) {
    system.stdout.write(`${(await import("./version.ts")).VERSION}\n`);
    return Status.MET;
  }
  const asked = name === "help"
    ? args.find((arg) => arg !== "--help" && arg !== "-h") ?? ""
    : Object.hasOwn(commands, name)
    ? name
    : "";
  // Short options may be written together: -qh.
  if (name === "help" || ours.some((arg) => arg === "--help" || /^-q*hq*$/.test(arg))) {
    if (asked !== "" && !Object.hasOwn(commands, asked)) throw unknownCommand(asked);
    system.stdout.write((await import("./usage.ts")).usage(asked));
    return Status.MET;
  }
  if (!Object.hasOwn(commands, name)) throw unknownCommand(name);
  const command = await commands[name]!();
  return await command(args, system, interrupts);
}

/** The status that shells report for a program ended by SIGPIPE. */
const BROKEN_PIPE_STATUS = 128 + 13;
/** The longest message that is shown: a message may quote an argument of any length. */
const MAX_LINE = 500;

/** The error in one line. */
function lineOf(error: unknown): string {
  const message = messageOf(error);
  const whole = message.length > MAX_LINE ? `${message.slice(0, MAX_LINE)}…` : message;
  const line = whole.split("\n").map((part) => part.trim()).filter(Boolean).join(" ");
  const isPermission = error instanceof Error && error.name === "NotCapable";
  return isPermission && !line.includes("run again") ? `${line}, run again with the --allow-all flag` : line;
}

/** Runs the command line of `system.args` and resolves with the exit status; never rejects. */
export async function runCommandLine(system: System): Promise<number> {
  const interrupts = new Interrupts(system);
  try {
    return await run(system, interrupts);
  } catch (error) {
    if (error instanceof Interrupted) return error.status;
    // The reader of standard output, such as `head`, has ended.
    if (isBrokenPipe(error)) return BROKEN_PIPE_STATUS;
    system.stderr.write(`realpeer: ${printable(withoutUsers(lineOf(error)))}\n`);
    if (error instanceof CannotRunError) return error.status;
    return error instanceof UsageError ? Status.USAGE : Status.UNEXPECTED;
  } finally {
    interrupts.release();
  }
}
