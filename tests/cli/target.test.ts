import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command_line.ts";
import { UsageError } from "../../src/cli/errors.ts";
import { parseTarget } from "../../src/cli/target.ts";
import { parseStatus } from "../../src/cli/wait_request.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { FakeSystem } from "./fake_system.ts";
import { runHere } from "./fake_system.ts";

describe("a target that is a port", () => {
  const targets: readonly [text: string, hostname: string, port: number, isPortOnly: boolean][] = [
    ["5432", "localhost", 5432, true],
    [":5432", "localhost", 5432, true],
    ["db:5432", "db", 5432, false],
    ["localhost:5432", "localhost", 5432, false],
    ["[::1]:80", "::1", 80, false],
    ["tcp://db:5432", "db", 5432, false],
    ["tcp:5432", "localhost", 5432, true],
    ["tcp:db:5432", "db", 5432, false],
    ["TCP://db:5432", "db", 5432, false],
    ["http:7040", "http", 7040, false],
  ];
  for (const [text, hostname, port, isPortOnly] of targets) {
    test(`${text} is ${hostname}, ${port}`, () => {
      expect(parseTarget(text)).toEqual({ kind: "tcp", text, hostname, port, isPortOnly });
    });
  }
});

describe("a target that is a URL", () => {
  const targets: readonly [text: string, href: string, hostname: string, port: number][] = [
    ["http://localhost:3000", "http://localhost:3000/", "localhost", 3000],
    ["http://localhost", "http://localhost/", "localhost", 80],
    ["https://a.example/x?y=z", "https://a.example/x?y=z", "a.example", 443],
    ["http-get://localhost:3000/a", "http://localhost:3000/a", "localhost", 3000],
    ["https-get://localhost:3000", "https://localhost:3000/", "localhost", 3000],
    ["HTTP://[::1]:80/", "http://[::1]/", "::1", 80],
    ["http://u:p@h:8080/", "http://u:p@h:8080/", "h", 8080],
  ];
  for (const [text, href, hostname, port] of targets) {
    test(`${text} is ${href}`, () => {
      const target = parseTarget(text);
      expect(target).toMatchObject({ kind: "http", text, hostname, port });
      if (target.kind === "http") expect(target.url.href).toBe(href);
    });
  }
});

describe("a target that is a unix socket", () => {
  for (const text of ["unix:/run/a b.sock", "socket:/run/a b.sock", "unix:///run/a b.sock"]) {
    test(text, () => expect(parseTarget(text)).toEqual({ kind: "unix", text, path: "/run/a b.sock" }));
  }
});

describe("what is no target is answered with what to write", () => {
  const refused: readonly [text: string, hint: string][] = [
    ["redis://localhost:6379", "redis: is not known, wait for the port: localhost:6379"],
    ["postgres://u:p@db:5432/x", "postgres: is not known, wait for the port: db:5432"],
    ["ws://x", "ws: is not known, wait for the port: HOST:PORT"],
    ["localhost:3000/health", "with a path it is a URL: http://localhost:3000/health"],
    ["a:1,b:2", "write several targets apart: a:1 b:2"],
    ["host name:80", "the host is neither a host name nor an address"],
    ["http:99999", "port 99999 is not between 1 and 65535"],
    ["a:1; b:2", "write several targets apart: a:1 b:2"],
    ["http://a:1/x|http://b:2", "write several targets apart: http://a:1/x http://b:2"],
    ["3000|3001", "write several targets apart: 3000 3001"],
    ["http://a:1,http://b:2", "write several targets apart: http://a:1 http://b:2"],
    ["localhost:3000/", "with a path it is a URL: http://localhost:3000/"],
    ["http:localhost:3000", "two slashes are missing: http://localhost:3000"],
    ["https:/db:3000/x", "two slashes are missing: https://db:3000/x"],
    ["tcp://localhost:3000/x", "a TCP target has no path, wait for the port: localhost:3000"],
    ["jdbc:postgresql://db:5432/x", "jdbc:postgresql: is not known, wait for the port: db:5432"],
    ["mongodb://u:p@a:1,[::1]:2/db", "mongodb: is not known, wait for the port: a:1 [::1]:2"],
    ["file:///tmp/x", "files are not waited for"],
    ["./dist/index.js", "files are not waited for"],
    ["/tmp/x", "files are not waited for"],
    ["http://:3000/", "a URL needs a host, as in localhost:3000"],
    ["http://unix:/run/x.sock:/", "HTTP over a unix socket is not known, wait for unix:PATH"],
    ["http://[::1%25lo]/", "expected http://HOST:PORT/PATH"],
    ["http://h:0/", "port 0 is not between 1 and 65535"],
    ["unix:", "expected unix:PATH"],
    [`unix:/${"x".repeat(107)}`, "the path of a unix socket has at most 107 bytes"],
    ["http://u:100%@127.0.0.1:1/", "write % in a user or password as %25"],
    ["localhost", "expected PORT, HOST:PORT or [IPV6]:PORT"],
  ];
  for (const [text, hint] of refused) {
    test(text, () => {
      expect(() => parseTarget(text)).toThrow(UsageError);
      expect(() => parseTarget(text)).toThrow(`Cannot read target ${JSON.stringify(text)}: ${hint}`);
    });
  }
});

describe("statuses", () => {
  const read: readonly [text: string, counts: readonly number[], others: readonly number[]][] = [
    ["200", [200], [199, 201]],
    ["200,404", [200, 404], [302]],
    ["200-299,401", [200, 250, 299, 401], [300, 400]],
    ["2xx", [200, 299], [199, 300]],
    ["100, 2xx", [100, 200], [101]],
  ];
  for (const [text, counts, others] of read) {
    test(text, () => {
      const isWanted = parseStatus(text) as (status: number) => boolean;
      expect([...counts, ...others].filter(isWanted)).toEqual(counts);
    });
  }
  for (const text of ["", "20", "200-", "399-200", "ok", "2000", "200;204"]) {
    test(`not ${JSON.stringify(text)}`, () => expect(() => parseStatus(text)).toThrow(UsageError));
  }
});

describe("an option of another tool is answered", () => {
  const lines: readonly [line: string, says: string][] = [
    ["wait 80 --interval 100", "--max-delay TIME is the longest"],
    ["wait 80 -i 100", "--max-delay TIME is the longest"],
    ["wait 80 --delay=5", "no pause before the first attempt"],
    ["wait 80 --reverse", "use --free"],
    ["wait 80 -r", "use --free"],
    ["wait 80 --window 3", "use --stable-for TIME"],
    ["wait 80 --verbose", "--json tells the result"],
    ["wait 80 --log", "--json tells the result"],
    ["wait 80 --httpTimeout 3", "use --attempt-timeout TIME"],
    ["wait 80 --config x", "there is no configuration file"],
    ["wait 80 --wait-for-dns", "a name that does not resolve yet is waited for"],
    ["wait --host=db --port=5432", "write the target by itself, as HOST:PORT"],
    ["wait db:5432 --strict", "COMMAND runs only when the wait was met"],
    ["wait -wait tcp://db:5432", "write the target by itself"],
    ["wait -timeout 3s", "use --timeout TIME"],
    ["start serve 80 --expect 200", "use --status 200"],
    ["start serve 80 --verbose", "--json tells the result"],
  ];
  for (const [line, says] of lines) {
    test(line, async () => {
      const system = new FakeSystem(line.split(" "));
      expect(await runCommandLine(system)).toBe(2);
      expect(system.stderr.text).toContain(says);
      expect(system.stderr.text).toMatch(/^realpeer: [^\n]+\n$/);
    });
  }

  test("but what stands after -- is the command's", async () => {
    const system = new FakeSystem(["wait", "127.0.0.1:1", "--timeout", "1ms", "-q", "--", "x", "--interval"]);
    expect(await runCommandLine(system)).toBe(1);
  });
});

describe("hostile arguments", () => {
  test("do not reach the terminal as they are", async () => {
    for (const args of [["wait", "\x1b[31mred"], ["wait", "80", "--\x1b]0;title\x07"], ["\u202ewait"]]) {
      const system = new FakeSystem(args);
      expect(await runCommandLine(system)).toBe(2);
      // deno-lint-ignore no-control-regex -- they are what must not be there
      expect(system.stderr.text).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
    }
  });

  test("of any length are refused in one short line, at once", async () => {
    const long = "x".repeat(131_000);
    for (const args of [["wait", long], ["wait", "80", `--${long}`], [long], ["wait", "80", "--timeout", long]]) {
      const system = new FakeSystem(args);
      const started = performance.now();
      expect(await runCommandLine(system)).toBe(2);
      expect(performance.now() - started).toBeLessThan(200);
      expect(system.stderr.text.length).toBeLessThan(700);
    }
  });
});

describe("defaults from the environment", () => {
  test("REALPEER_TIMEOUT holds, and an option wins", async () => {
    const run = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
      const system = new FakeSystem(["wait", "127.0.0.1:1", ...args], false, env);
      return [await runCommandLine(system), system.stderr.text.replace(/, .*\n/s, "")];
    };
    expect(await run([], { REALPEER_TIMEOUT: "30ms" })).toEqual([1, "realpeer: Timed out after 30 ms"]);
    expect(await run(["--timeout", "20ms"], { REALPEER_TIMEOUT: "1h" })).toEqual([
      1,
      "realpeer: Timed out after 20 ms",
    ]);
    expect(await run([], { REALPEER_TIMEOUT: "5" })).toEqual([
      2,
      "realpeer: Cannot read REALPEER_TIMEOUT 5: expected a unit",
    ]);
    expect((await run([], { REALPEER_TIMEOUT: "20ms", REALPEER_MAX_DELAY: "x" }))[0]).toBe(2);
  });
});

test("words behind a target are taken for a command that lacks its --", async () => {
  for (const words of [["npm test"], ["test"], ["127.0.0.1:1", "echo", "hi"]]) {
    const { code, stderr } = await runHere(["wait", "3000", ...words]);
    const command = words.filter((word) => !word.includes(":")).join(" ");
    expect([code, stderr]).toEqual([2, expect.stringContaining(`; a command comes after --, as in -- ${command}\n`)]);
  }
  expect((await runHere(["wait", "npm test"])).stderr).not.toContain("--, as in");
  expect((await runHere(["wait", "3000", "test", "--", "true"])).stderr).not.toContain("--, as in");
});

describe("the password of a URL", () => {
  const secret = "hush";
  const lines = [
    `wait http://user:${secret}@127.0.0.1:1 -t 20ms`,
    `wait http://${secret}@127.0.0.1:1 127.0.0.1:1 --any -t 20ms`,
    `wait postgres://user:${secret}@db:5432/name`,
    `wait tcp://user:${secret}@db:5432`,
    `wait http://user:${secret}@127.0.0.1:0`,
    `wait http://user:${secret}%@127.0.0.1:1`,
    `wait postgres:5432 http://user:${secret}@host:80 npm start`,
  ];
  for (const line of lines) {
    test(`is not shown by ${line}`, async () => {
      const { code, stderr } = await runHere(line.split(" "));
      expect([1, 2]).toContain(code);
      expect(stderr).toMatch(/^realpeer: .+\n$/);
      expect(stderr).not.toContain(secret);
    });
  }

  test("is not shown when the target is ready, nor on the status line of a terminal", async () => {
    await using server = await startServer((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    const ready = await runHere(["wait", `http://user:${secret}@127.0.0.1:${server.port}/@a`]);
    expect(ready.stderr).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/@a is ready after /);
    const system = new FakeSystem(["wait", `http://user:${secret}@127.0.0.1:1`, "-t", "400ms"], true);
    await runCommandLine(system);
    expect(system.stderr.text).toContain("waiting ");
    expect(system.stderr.text).not.toContain(secret);
  });
});
