import type { OptionSpecs } from "./arguments.ts";
import { UsageError } from "./errors.ts";

const NO_INTERVAL = "there is no fixed interval: the pauses begin at 10 ms and grow, --max-delay TIME is the longest";
const PROGRESS = "progress is shown on a terminal, --json tells the result";
const ATTEMPT = "use --attempt-timeout TIME";
const HOST_PORT = "write the target by itself, as HOST:PORT";
const TEMPLATES = "realpeer does not do that: run it in COMMAND";

/** Options of wait-on, wait-port, wait-for-it, dockerize and start-server-and-test, and their equivalents here. */
const ANSWERS: Readonly<Record<string, string>> = {
  "--interval": NO_INTERVAL,
  "-i": NO_INTERVAL,
  "-wait-retry-interval": NO_INTERVAL,
  "--delay": "there is no pause before the first attempt: it costs a millisecond",
  "-d": "there is no pause before the first attempt: it costs a millisecond",
  "--reverse": "use --free: it waits until a server can bind the port",
  "-r": "use --free: it waits until a server can bind the port",
  "--window": "use --stable-for TIME",
  "-w": "use --stable-for TIME",
  "--verbose": PROGRESS,
  "-v": PROGRESS,
  "--log": PROGRESS,
  "-l": PROGRESS,
  "--output": "use --quiet, or --json",
  "-o": "use --quiet, or --json",
  "--httpTimeout": ATTEMPT,
  "--tcpTimeout": ATTEMPT,
  "--simultaneous": "all targets are tried at the same time",
  "-s": "all targets are tried at the same time, and COMMAND runs only when they are ready",
  "--strict": "COMMAND runs only when the wait was met",
  "--config": "there is no configuration file, write the options on the command line",
  "-c": "there is no configuration file, write the options on the command line",
  "--wait-for-dns": "a name that does not resolve yet is waited for in any case",
  "--host": HOST_PORT,
  "--port": HOST_PORT,
  "-p": HOST_PORT,
  "-wait": "write the target by itself, as tcp://HOST:PORT",
  "-timeout": "use --timeout TIME",
  "-wait-http-header": "the command sends no headers of yours, waitForHttp() in the API does",
  "-skip-tls-verify": "use --insecure",
  "-template": TEMPLATES,
  "-stdout": TEMPLATES,
  "-stderr": TEMPLATES,
  "--expect": "use --status 200",
};

/**
 * Rejects options of other tools, with the equivalent here.
 *
 * @throws UsageError when the arguments contain such an option
 */
export function assertOwnOptions(args: readonly string[], specs: OptionSpecs): void {
  for (const arg of args) {
    const [name = ""] = arg.split("=", 1);
    const isOurs = Object.hasOwn(specs, name.replace(/^--/, ""));
    if (name.startsWith("-") && !isOurs && Object.hasOwn(ANSWERS, name)) {
      throw new UsageError(`Unknown option ${name}: ${ANSWERS[name]}`);
    }
  }
}
