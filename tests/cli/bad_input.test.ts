import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command_line.ts";
import { noProc } from "../fixtures/system.ts";
import { FakeSystem } from "./fake_system.ts";
import { runRealpeer } from "./realpeer.ts";

/** Each: the arguments, the exit status, and part of what is said. */
const CASES: readonly [args: string, status: number, says: string][] = [
  ["", 2, "No command: expected one of wait, start, demo, check, scan, shield, see realpeer --help"],
  ["wiat 80", 2, "Unknown command wiat, did you mean wait?"],
  ["5432", 2, "Unknown command 5432, did you mean realpeer wait 5432?"],
  ["localhost:5432", 2, "did you mean realpeer wait localhost:5432?"],
  ["constructor", 2, "Unknown command constructor, see realpeer --help"],
  ["help wiat", 2, "Unknown command wiat, did you mean wait?"],
  ["help help", 2, "Unknown command help, did you mean --help?"],
  ["version", 2, "Unknown command version, did you mean --version?"],
  ["--hepl", 2, "Unknown option --hepl, did you mean --help?"],
  ["wait", 2, "No target to wait for: expected PORT, HOST:PORT, a URL or unix:PATH"],
  ["wait 80 --", 2, "No command after --"],
  ["wait 0", 2, "port 0 is not between 1 and 65535"],
  ["wait 80 --timeuot 5s", 2, "Unknown option --timeuot, did you mean --timeout?"],
  ["wait 80 --help=1", 2, 'Option --help takes no value, got "1"'],
  ["wait 80 --helP", 2, "Unknown option --helP, did you mean --help?"],
  ["wait 80 --stable 1s", 2, "Unknown option --stable, did you mean --stable-for?"],
  ["wait 80 -q=1", 2, 'Option -q takes no value, got "1"'],
  ["wait 80 --timeout 5", 2, "expected a unit, as in 5s or 5ms"],
  ["wait 80 --timeout", 2, "Option --timeout needs a value"],
  ["wait 80 --while-pid me", 2, "Cannot read --while-pid me: expected a process id"],
  ["wait 80 --while-pid 0", 2, "Cannot read --while-pid 0: expected a process id"],
  ["wait --free 80 unix:/run/s", 2, "Cannot use --free with unix:/run/s: a server can always replace the socket file"],
  ["wait ::1:80", 2, "an IPv6 address needs brackets, as in [::1]:80"],
  ["wait 80 --status 20", 2, "Cannot read --status 20: expected 200, 200,204, 200-399 or 2xx"],
  ["wait 80 --status 200", 2, "Cannot use --status without an http:// or https:// URL"],
  ["wait unix:/s 80 --insecure", 2, "Cannot use --insecure without an http:// or https:// URL"],
  ["start serve 80 --status 200", 2, "Cannot use --status without an http:// or https:// URL"],
  ["wait http://a --free --status 200", 2, "Cannot use --status with --free: no request is sent"],
  ["wait unix:/s http://127.0.0.1:1 --status 200 --insecure --stable-for 1s --shield -t 1ms", 1, "Timed out"],
  ["start", 2, `No server to start: expected a command line, as in realpeer start "npm run dev" 3000`],
  ["start serve", 2, "No target to wait for: expected one after the server"],
  ["start npm run dev 80", 2, '; SERVER is one argument, put it in quotes: realpeer start "npm run dev" 80'],
  ["start serve 80 npm test", 2, "; a command comes after --, as in -- npm test"],
  ["start serve 80 --stop-signal KILLL", 2, "Cannot read --stop-signal KILLL: expected one of SIGTERM, SIGINT"],
  ["start serve 80 --stop-timeout 5", 2, "expected a unit, as in 5s or 5ms"],
  ["start serve 80 --while-pid me", 2, "Cannot read --while-pid me: expected a process id"],
  ["start serve 1 --log /nowhere/log", 3, "Cannot write the log /nowhere/log: ENOENT"],
  ["start serve 80 --expect 200", 2, "Unknown option --expect: use --status 200"],
  ["demo 70000", 2, "Cannot read port 70000: expected a number from 1 to 65535"],
  ["demo 1 2", 2, "Cannot use 2 ports: expected one or none"],
  ["demo --attempts 0", 2, "Cannot read --attempts 0: expected a number from 1"],
  ["demo --hold 1", 2, "expected a unit, as in 1s or 1ms"],
  ["check", 2, "No port to check: expected PORT..."],
  ["check http", 2, "Cannot read port http: expected a number from 1 to 65535"],
  // Where there is no /proc neither command reads one.
  ...(noProc ? [] : [
    ["check 80 --proc /nowhere", 3, "Cannot read /nowhere/sys/net/ipv4/ip_local_port_range (ENOENT)"],
    ["scan --proc /dev/null", 3, "(ENOTDIR), is proc(5) mounted on /proc? Else name its place with --proc"],
    ["scan --proc /nowhere", 3, "(ENOENT), is proc(5) mounted on /proc? Else name its place with --proc"],
  ] satisfies [string, number, string][]),
  ["scan 80", 2, "Cannot scan 80: scan takes options only"],
  ["scan --json --prometheus", 2, "Cannot print --json and --prometheus at once"],
  ["scan --json --watch 5s", 2, "Cannot use --watch with --json"],
  ["scan --watch 0", 2, "expected a time between two looks"],
  ["scan --all-namespaces --proc /nowhere", 3, "(ENOENT)"],
];

describe("realpeer says in one line what is wrong, and nothing on standard output", () => {
  for (const [line, status, says] of CASES) {
    test(`realpeer ${line}`, async () => {
      const system = new FakeSystem(line.split(" ").filter(Boolean));
      expect(await runCommandLine(system)).toBe(status);
      expect(system.stdout.text).toBe("");
      expect(system.stderr.text).toMatch(/^realpeer: [^\n]+\n$/);
      expect(system.stderr.text).toContain(says);
    });
  }

  test("and the process ends with that status, and no stack trace", async () => {
    const stderr = "realpeer: Cannot read port http: expected a number from 1 to 65535\n";
    expect(await runRealpeer(["check", "http"])).toEqual({ code: 2, signal: null, stdout: "", stderr });
    const { code, stdout, stderr: unreadable } = await runRealpeer(["scan", "--proc", "/nowhere"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(unreadable).toMatch(/^realpeer: Cannot read [^\n]+\n$/);
  });
});
