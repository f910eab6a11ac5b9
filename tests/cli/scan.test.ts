import { spawnSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import parsePrometheus from "parse-prometheus-text-format";
import { beforeAll, describe, expect, test } from "vitest";
import { selfConnectedPair } from "../../src/api/testing.ts";
import { runCommandLine } from "../../src/cli/command_line.ts";
import { prometheusText } from "../../src/cli/prometheus.ts";
import { type Endpoint, formatEndpoint } from "../../src/core/endpoint.ts";
import { parseEndpoint } from "../../src/core/parse_endpoint.ts";
import { because, inEmptyNamespace, noLab } from "../fixtures/lab.ts";
import { commandFor, run, runForJson, runtime } from "../fixtures/runtime.ts";
import { noProc } from "../fixtures/system.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import type { ScanOutcome } from "../programs/cli_scan.ts";
import { FakeSystem, runHere } from "./fake_system.ts";
import { realpeer, start } from "./realpeer.ts";

/** What the parser, which has no types of its own, makes of one metric. */
interface Family {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly { readonly value?: string; readonly labels?: Readonly<Record<string, string>> }[];
}

const parseText = parsePrometheus as (text: string) => Family[];

interface Holder {
  readonly local: Endpoint;
  readonly pid: number | null;
  readonly command: string | null;
  readonly uid: number;
  readonly netns: number;
}

interface Document {
  readonly selfConnections: readonly (Holder & { readonly remote: Endpoint })[];
  readonly listeners?: readonly Holder[];
}

/** Every network namespace of the machine: other tests hold self-connections in theirs. */
async function scanAll(): Promise<Document> {
  return JSON.parse((await runHere(["scan", "--json", "--all-namespaces"])).stdout);
}

describe("realpeer scan", () => {
  test.skipIf(noProc)(
    because("finds a self-connection of another process, by process id, command and user", noProc),
    async () => {
      const holder = start(commandFor("tests/programs/cli_hold_self.ts", ["127.0.0.1", "::1"]));
      const said = await holder.says("ready");
      const { code, stdout, stderr } = await runHere(["scan", "--json"]);
      holder.kill("SIGKILL");
      expect(code).toBe(1);
      expect(stderr).not.toContain("Error");
      const { selfConnections, ...rest }: Document = JSON.parse(stdout);
      expect(rest).toEqual({});
      const here = selfConnections.filter(({ pid }) => pid === holder.pid);
      expect(here.map(({ local }) => local.hostname).sort()).toEqual(["127.0.0.1", "::1"]);
      for (const { local, ...others } of here) {
        expect(said).toContain(`holds ${formatEndpoint(local)} pid ${holder.pid}`);
        expect(others).toEqual({
          remote: local,
          pid: holder.pid,
          command: expect.stringContaining("cli_hold_self."),
          uid: process.getuid?.(),
          netns: Number(/\d+/.exec(readlinkSync("/proc/self/ns/net"))?.[0]),
        });
      }
    },
  );

  test.skipIf(noProc)(because("exits 0, and says so, where there is none", noProc), async () => {
    const { code, stdout } = await run(noLab ? realpeer("scan") : inEmptyNamespace(realpeer("scan")));
    expect([code, stdout]).toEqual([0, "No self-connections\n"]);
  });

  test.skipIf(noLab)(because("--all-namespaces looks into the others, too", noLab), async () => {
    const holder = start(inEmptyNamespace(commandFor("tests/programs/cli_hold_self.ts", ["127.0.0.1", "::1"])));
    await holder.says("ready");
    const here: Document = JSON.parse((await runHere(["scan", "--json"])).stdout);
    const everywhere = await scanAll();
    holder.kill("SIGKILL");
    expect(here.selfConnections.filter(({ pid }) => pid === holder.pid)).toEqual([]);
    const found = everywhere.selfConnections.filter(({ pid }) => pid === holder.pid);
    expect(found.map(({ local }) => local.hostname).sort()).toEqual(["127.0.0.1", "::1"]);
    for (const { netns } of found) {
      expect(netns).toBeGreaterThan(0);
      expect(netns).not.toBe(Number(/\d+/.exec(readlinkSync("/proc/self/ns/net"))?.[0]));
    }
  });

  test.skipIf(noProc)(because("--watch tells of what comes, and ends with the signal", noProc), async () => {
    const isAlone = noLab === undefined;
    const started = start(
      isAlone ? inEmptyNamespace(realpeer("scan", "--watch", "100ms")) : realpeer("scan", "--watch", "100ms"),
    );
    expect(await started.says("\n")).toMatch(/^\d\d:\d\d:\d\d\n/);
    await started.listensToSignals();
    started.kill("SIGTERM");
    expect(await started.finished).toMatchObject({ code: 143, stderr: "" });
  });

  test.skipIf(noProc)(because("--watch redraws a terminal", noProc), async () => {
    const system = new FakeSystem(["scan", "--watch", "50ms"], true);
    const drawings = (): string[] => system.stdout.text.split("\x1b[H\x1b[2J").slice(1);
    const timer = setInterval(() => drawings().length > 1 && system.raise("SIGINT"), 10);
    expect(await runCommandLine(system)).toBe(130);
    clearInterval(timer);
    const drawn = drawings();
    for (const text of drawn) expect(text).toMatch(/^\d\d:\d\d:\d\d, every 50 ms\n\n/);
  });

  const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const noNobody = process.getuid?.() !== 0
    ? "only root can become somebody else"
    : spawnSync(asNobody[0]!, [...asNobody.slice(1), ...realpeer("--version")]).status === 0
    ? undefined
    : "nobody may not read the tree";
  test.skipIf(noNobody)(because("without rights shows the socket, and says what it cannot see", noNobody), async () => {
    await using pair = await selfConnectedPair();
    const { code, stdout, stderr } = await run([...asNobody, ...realpeer("scan", "--json")]);
    const found = (JSON.parse(stdout) as Document).selfConnections.filter(({ local }) =>
      local.port === pair.local.port
    );
    expect([code, stderr]).toEqual([1, "realpeer: Some processes cannot be seen, run as root to see all\n"]);
    expect(found).toMatchObject([{ local: pair.local, pid: null, command: null, uid: 0 }]);
  });

  test.skipIf(runtime !== "deno")(
    because("names the flag that Deno needs to read /proc", runtime === "deno" ? undefined : "this is not Deno"),
    async () => {
      for (const args of [["scan"], ["check", "80"], ["demo"], ["wait", "-t", "1s", "--free", "40000"]]) {
        const { code, stdout, stderr } = await run(commandFor("src/cli/main.ts", args, ["--no-prompt", "--allow-net"]));
        expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
        expect(stderr).toMatch(
          /^realpeer: [^\n]*Cannot read \/proc: Deno allows that only with the --allow-all flag\n$/,
        );
      }
    },
  );
});

/** An address as ss writes it, in our way. */
function fromSs(text: string): string {
  const [, hostname = "", port = ""] = /^(.*):(\d+)$/.exec(text) ?? [];
  return `${hostname.replace("*", "[::]").replace(/%\w+/, "")}:${port}`;
}

describe.skipIf(noLab)(because("on a host with 20,000 sockets, realpeer scan", noLab), () => {
  let outcome: ScanOutcome;
  let document: Document;
  beforeAll(async () => {
    outcome = await runForJson(inEmptyNamespace(commandFor("tests/programs/cli_scan.ts")), { limit: 110_000 });
    document = JSON.parse(outcome.scan.stdout);
  }, 120_000);

  test("agrees with ss on self-connections", () => {
    expect(outcome.sockets).toBeGreaterThan(20_000);
    expect(outcome.scan).toMatchObject({ code: 1 });
    const found = document.selfConnections.map(({ local }) => formatEndpoint(local)).sort();
    expect(found).toHaveLength(2);
    expect(found).toEqual(outcome.ssSelf.map(fromSs).sort());
    for (const { local, pid } of document.selfConnections) {
      expect(outcome.held).toContain(`holds ${formatEndpoint(local)} pid ${pid}`);
    }
  });

  test("agrees with ss on listening ports, and names their programs", () => {
    const { listeners = [] } = document;
    expect(listeners).toHaveLength(3);
    expect(listeners.map(({ local }) => formatEndpoint(local)).sort()).toEqual(outcome.ssListen.map(fromSs).sort());
    for (const { command } of listeners) expect(command).toContain("many_sockets.py");
  });

  test("lines its tables up", () => {
    const [self = "", listening = ""] = outcome.text.stdout.split("\n\n");
    for (const text of [self, listening]) {
      const [head = "", ...rows] = text.trimEnd().split("\n");
      expect(rows.length).toBeGreaterThan(1);
      for (const row of rows) {
        for (const column of ["PID", "USER", "COMMAND"]) {
          expect(row.slice(head.indexOf(column) - 2, head.indexOf(column) + 1)).toMatch(/^ {2}\S$/);
        }
      }
    }
  });

  test("--prometheus is what a parser of the format reads", () => {
    const families = parseText(outcome.prometheus.stdout);
    const byName = Object.fromEntries(families.map((family) => [family.name, family]));
    expect(byName["realpeer_self_connections"]).toMatchObject({ type: "GAUGE", metrics: [{ value: "2" }] });
    expect(byName["realpeer_listeners"]).toMatchObject({ type: "GAUGE", metrics: [{ value: "3" }] });
    const labels = byName["realpeer_self_connection"]!.metrics.map((metric) => metric.labels!);
    expect(labels.map(({ local = "" }) => parseEndpoint(local).hostname).sort()).toEqual(["127.0.0.1", "::1"]);
    for (const { command } of labels) expect(command).toContain("cli_hold_self.");
  });

  test("does not mind sockets that come and go while it reads", () => {
    expect(outcome.duringChurn).toHaveLength(10);
    for (const { code, stdout } of outcome.duringChurn) {
      expect([0, 1]).toContain(code);
      expect(JSON.parse(stdout).selfConnections).toBeInstanceOf(Array);
    }
  });
});

test.skipIf(noProc)(because("realpeer scan cuts what does not fit into a line of a terminal", noProc), async () => {
  await using _server = await startServer((socket) => socket.destroy());
  const system = new FakeSystem(["scan", "--listen"], true, { NO_COLOR: "1" });
  await runCommandLine(system);
  const lines = system.stdout.text.split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.some((line) => line.endsWith("…"))).toBe(true);
});

describe("the text exposition format", () => {
  test("keeps quotes, backslashes and line ends in a command", () => {
    const end = { hostname: "::1", port: 40000 };
    const command = 'node -e "a\\b"\n--x';
    const text = prometheusText([
      { local: end, remote: end, state: "ESTABLISHED", pid: 1, command, uid: 0, netns: null },
    ]);
    const [, family] = parseText(text);
    expect(family!.metrics[0]!.labels).toEqual({ local: "[::1]:40000", pid: "1", command, uid: "0", netns: "" });
  });

  test("holds no control character of a command line", () => {
    const end = { hostname: "::1", port: 40000 };
    const command = "node \x1b]0;title\x07 \r--x \u202e\u061c";
    const text = prometheusText([
      { local: end, remote: end, state: "ESTABLISHED", pid: 1, command, uid: 0, netns: null },
    ]);
    // deno-lint-ignore no-control-regex -- they are what is looked for
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f\u061c\u202e]/);
    expect(parseText(text)[1]!.metrics[0]!.labels!["command"]).toBe("node ?]0;title? ?--x ??");
  });

  test("has one sample for sockets that differ in nothing, and all users and namespaces", () => {
    const end = { hostname: "::1", port: 40000 };
    const socket = { local: end, remote: end, state: "LISTEN", pid: 1, command: "x", uid: 0, netns: 7 };
    const [all, each, ...others] = parseText(prometheusText([], [socket, socket, { ...socket, uid: 5 }])).slice(1);
    expect(others).toEqual([]);
    expect(all!.metrics).toMatchObject([{ value: "3" }]);
    expect(each!.metrics.map(({ value, labels }) => [value, labels!["uid"], labels!["netns"]])).toEqual([
      ["2", "0", "7"],
      ["1", "5", "7"],
    ]);
  });

  test("says 0 where there is nothing", () => {
    expect(parseText(prometheusText([]))).toMatchObject([{ metrics: [{ value: "0" }] }]);
  });
});

test.skipIf(noProc)(because("realpeer scan --listen shows a server of this process", noProc), async () => {
  await using server = await startServer((socket) => socket.destroy());
  const { stdout } = await runHere(["scan", "--listen", "--json"]);
  const { listeners = [] }: Document = JSON.parse(stdout);
  expect(listeners.filter(({ local }) => local.port === server.port)).toMatchObject([{ pid: process.pid }]);
});

test.skipIf(!noProc)("realpeer scan names the command that does the same where there is no /proc", async () => {
  const { code, stdout, stderr } = await runHere(["scan"]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toMatch(/this system has its own command: (in PowerShell, Get-NetTCPConnection|netstat|sockstat) /);
});
