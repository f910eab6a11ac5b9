/**
 * Tests of what touches no runtime: arithmetic, parsers, the loop on a fake adapter with a fake clock. They run once, on
 * Node. A file that is not listed runs on every runtime. A name that ends in a slash is a folder.
 */
export const ONCE: readonly string[] = [
  "tests/api/call_forms.test.ts",
  "tests/architecture.test.ts",
  "tests/bench/",
  "tests/core/",
  "tests/host/bindable.test.ts",
  "tests/host/port_settings.test.ts",
  "tests/host/proc.test.ts",
  "tests/host/shared_looks.test.ts",
  "tests/host/windows_command.test.ts",
  "tests/readme/",
  "tests/scripts/",
];

/**
 * Tests of the host, of the command and of servers on a shielded port that say nothing about a newer Node: what they need of
 * it (files, processes, signals, a holder) tests/cli/wait_command.test.ts, wait_process.test.ts, terminal.test.ts and
 * tests/api/shield_port.test.ts need, too.
 */
export const NOT_ON_NEWEST_NODE: readonly string[] = [
  "tests/host/",
  "tests/api/shielded_servers.test.ts",
  ...["arguments", "bad_input", "check", "demo", "examples", "json_document", "scan", "shield", "shield_known"],
  ...["start", "start_listener", "start_stop", "target", "usage", "wait", "wait_free", "wait_limits"],
].map((name) => name.includes("/") ? name : `tests/cli/${name}.test.ts`);

/** Those of ONCE that take long: a million random texts, a Prometheus. */
const LONG: readonly string[] = ["tests/core/endpoint_properties.test.ts", "tests/readme/many_hosts.test.ts"];

/** What `npm run test:quick` runs beside the checks: the core, the host, and what the command says and shows. */
export const QUICK_FILES: readonly string[] = [
  ...ONCE,
  "tests/host/inspect.test.ts",
  "tests/host/own_addresses.test.ts",
  "tests/host/socket_count.test.ts",
  ...["arguments", "check", "demo", "json_document", "shield_known", "target", "usage", "wait"]
    .map((name) => `tests/cli/${name}.test.ts`),
];

/** vitest's flags that leave tests out. */
export function excluding(names: readonly string[]): string[] {
  return names.map((name) => `--exclude=${name.endsWith("/") ? `${name}**` : name}`);
}

/** The same as arguments of vitest. */
export const QUICK: readonly string[] = [...QUICK_FILES, ...excluding(LONG)];
