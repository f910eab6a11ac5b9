import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command_line.ts";
import { fixCommand, fixTitle } from "../../src/cli/fix.ts";
import { parsePortList, portsAtRisk, type PortSettings } from "../../src/core/port_range.ts";
import { readPortSettings } from "../../src/host/port_settings.ts";
import { because, inEmptyNamespace, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { testOnce } from "../fixtures/once.ts";
import { commandFor, run, runForJson } from "../fixtures/runtime.ts";
import { noProc } from "../fixtures/system.ts";
import { startServer } from "../fixtures/tcp_server.ts";
import { FakeSystem, runHere } from "./fake_system.ts";
import { realpeer } from "./realpeer.ts";

describe("realpeer check", () => {
  test.skipIf(noLab)(because("tells the risk of each port, in these fields", noLab), async () => {
    const { code, stdout } = await run(inEmptyNamespace(realpeer("check", "--json", "41000", "41001", "5432")));
    const range = { low: 32768, high: 60999 };
    const fix = "sysctl -w net.ipv4.ip_local_reserved_ports=41000-41001";
    const common = { range, reserved: false, listening: null };
    const inRange = "in the ephemeral range 32768-60999";
    expect([code, JSON.parse(stdout)]).toEqual([1, [
      {
        ...{ ...common, port: 41000, risk: "high", expectedAttempts: 14116, fix: expect.stringContaining(fix) },
        reasons: [inRange, "even: clients get these first"],
      },
      {
        ...{ ...common, port: 41001, risk: "low", expectedAttempts: null, fix: expect.stringContaining(fix) },
        reasons: [inRange, "odd: only when the even ones are taken"],
      },
      {
        ...{ ...common, port: 5432, risk: "none", expectedAttempts: null, fix: null },
        reasons: ["outside the ephemeral range 32768-60999"],
      },
    ]]);
  });

  test.skipIf(noLab)(because("takes a port that is given twice for one", noLab), async () => {
    const { stdout } = await run(inEmptyNamespace(realpeer("check", "41000", "41000")));
    expect(stdout.match(/^41000 /gm)).toHaveLength(1);
    expect(stdout).toContain("realpeer shield 41000 -- COMMAND\n");
  });

  testOnce("knows what is reserved, and the odds that leaves", async () => {
    const ports = [LAB_PORT, LAB_PORT + 1, LAB_PORT + 2].map(String);
    const { stdout } = await run(inLab(realpeer("check", "--json", ...ports)));
    expect(JSON.parse(stdout)).toMatchObject([
      { risk: "high", expectedAttempts: 1, reserved: false },
      { risk: "low", expectedAttempts: null, reserved: false },
      { risk: "none", expectedAttempts: null, reserved: true, reasons: ["reserved: clients do not get it"], fix: null },
    ]);
  }, noLab);

  test.skipIf(noLab)(because("reads the longest list of reserved ports to its end", noLab), async () => {
    const reserve = "seq -s, 32769 2 60999 > /proc/sys/net/ipv4/ip_local_reserved_ports";
    const command = ["sh", "-c", `${reserve}; exec "$@"`, "sh", ...realpeer("check", "--json", "60999", "60998")];
    const { stdout } = await run(inEmptyNamespace(command));
    expect(JSON.parse(stdout)).toMatchObject([{ reserved: true, risk: "none" }, { reserved: false, risk: "high" }]);
  });

  testOnce("exits 0 when no risk is high", async () => {
    expect(await run(inLab(realpeer("check", "80", String(LAB_PORT + 1))))).toMatchObject({ code: 0 });
    expect(await run(inLab(realpeer("check", "80", String(LAB_PORT))))).toMatchObject({ code: 1 });
  }, noLab);

  test.skipIf(noProc)(because("names the program that listens", noProc), async () => {
    await using server = await startServer((socket) => socket.destroy());
    const { stdout } = await runHere(["check", "--json", String(server.port)]);
    const local = { hostname: "127.0.0.1", port: server.port };
    expect(JSON.parse(stdout)[0].listening).toEqual([
      { local, pid: process.pid, command: expect.any(String), uid: process.getuid?.(), netns: expect.any(Number) },
    ]);
    expect((await runHere(["check", String(server.port)])).stdout).toContain(`(pid ${process.pid})`);
  });

  testOnce(
    "ends the risk with its fix as it is pasted, and keeps what was reserved",
    async () => {
      const command = inEmptyNamespace(commandFor("tests/programs/cli_check.ts", ["fix", "41000", "41002"]));
      expect(await runForJson(command, { limit: 110_000 })).toEqual({
        reserved: "40100,40102-40104,41000,41002",
        afterwards: { attempts: 60_000, selfConnected: false },
      });
    },
    noLab,
    120_000,
  );

  testOnce("has odds that agree with the kernel's", async () => {
    const range = "echo '40000 40399' > /proc/sys/net/ipv4/ip_local_port_range";
    const program = commandFor("tests/programs/cli_check.ts", ["odds", "40200"]);
    const command = inEmptyNamespace(["sh", "-c", `${range}; exec "$@"`, "sh", ...program]);
    const { expectedAttempts, runs } = await runForJson<{ expectedAttempts: number; runs: number[] }>(command);
    expect([expectedAttempts, runs.length]).toEqual([200, 30]);
    const mean = runs.reduce((sum, attempts) => sum + attempts, 0) / runs.length;
    // The mean of thirty draws of a geometric distribution: outside of these bounds once in many thousand runs.
    expect(mean).toBeGreaterThan(expectedAttempts / 3);
    expect(mean).toBeLessThan(expectedAttempts * 2.2);
  }, noLab);
});

describe("what realpeer check shows", () => {
  test("lines up, and says the same without colour", async () => {
    const args = ["check", String(portsAtRisk(readPortSettings())[0]), "80"];
    const plain = new FakeSystem(args);
    const coloured = new FakeSystem(args, true);
    const noColour = new FakeSystem(args, true, { NO_COLOR: "1" });
    for (const system of [plain, coloured, noColour]) await runCommandLine(system);
    expect(coloured.stdout.text).toContain("\x1b[31mhigh\x1b[0m");
    expect(noColour.stdout.text).toBe(plain.stdout.text);
    // deno-lint-ignore no-control-regex -- the colours
    expect(coloured.stdout.text.replace(/\x1b\[\d+m/g, "")).toBe(plain.stdout.text);
    const [head, ...rows] = plain.stdout.text.split("\n").slice(2, 5);
    for (const row of rows) expect(row.search(/\S+ *$/) >= head!.indexOf("WHY")).toBe(true);
  });
});

describe("what ends the risk", () => {
  const settings = { range: { low: 1, high: 9 }, reserved: parsePortList("5,7-8"), prefersParity: true };
  const bsd = { range: { low: 49152, high: 65535 }, reserved: [], prefersParity: false };
  const netsh = (low: number, count: number): string =>
    `netsh int ipv4 add excludedportrange protocol=tcp startport=${low} numberofports=${count} store=persistent`;
  const cases: readonly [
    platform: string,
    isRoot: boolean,
    ports: readonly number[],
    settings: PortSettings,
    fix: string,
  ][] = [
    ["linux", true, [3, 6], settings, "sysctl -w net.ipv4.ip_local_reserved_ports=3,5-8"],
    ["linux", false, [3, 6], settings, "sudo sysctl -w net.ipv4.ip_local_reserved_ports=3,5-8"],
    ["darwin", false, [50000, 49200], bsd, "sudo sysctl -w net.inet.ip.portrange.first=50001"],
    ["freebsd", true, [50000], bsd, "sysctl -w net.inet.ip.portrange.first=50001"],
    ["darwin", false, [60000], bsd, "use another port, such as 49151"],
    ["darwin", false, [65534], bsd, "use another port, such as 49151"],
    ["darwin", false, [65535], bsd, "use another port, such as 49151"],
    ["darwin", false, [9], { ...bsd, range: { low: 1, high: 9 } }, "use another port, such as 10"],
    ["win32", false, [50000], bsd, netsh(50000, 1)],
    // Two commands on two lines are right in cmd and in PowerShell; "&&" is wrong in one of them, ";" in the other.
    ["win32", false, [50002, 50000, 50001, 60000], bsd, `${netsh(50000, 3)}\n${netsh(60000, 1)}`],
  ];
  for (const [platform, isRoot, ports, settings, fix] of cases) {
    test(`for ${ports.join(" and ")} on ${platform}${isRoot ? " as root" : ""}: ${fix.replace("\n", ", ")}`, () => {
      expect(fixCommand(ports, settings, platform, isRoot)).toBe(fix);
    });
  }

  test("is run by an administrator on Windows, in either shell", () => {
    expect(fixTitle(netsh(50000, 1), "win32")).toContain("as administrator, in PowerShell or cmd");
    expect(fixTitle("use another port, such as 49151", "win32")).toBe("To end the risk:");
    expect(fixTitle("sysctl", "linux")).toBe("To end the risk:");
  });
});
