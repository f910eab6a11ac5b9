import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { deadPort } from "../../src/api/testing.ts";
import { linuxProcesses, type ProcessSystem, psProcesses } from "../../src/host/process_system.ts";
import type { ProcessRow } from "../../src/host/process_table.ts";
import { ProcessTree } from "../../src/host/process_tree.ts";
import { shellCommand, startServer } from "../../src/host/start_server.ts";
import { chooseMark, isMark, isMarkedBy } from "../../src/host/tree_mark.ts";
import { find, missing } from "../fixtures/find_program.ts";
import { because } from "../fixtures/lab.ts";
import { processesWith, uniqueSeconds, until } from "../fixtures/processes.ts";
import { socketsOnPort } from "../programs/host_sockets.ts";

const noProc = process.platform === "linux" ? undefined : "there is no /proc here";

/** Starts the line, in which SECONDS is a number of its own, and waits until so many processes have that number. */
async function startTree(line: string, count: number) {
  const seconds = uniqueSeconds();
  const { tree, ended } = await startServer(line.replaceAll("SECONDS", seconds), { log: "/dev/null" });
  const left = (): number[] => processesWith(seconds);
  // The shell, too, has that number in its arguments: what it starts may not be there yet.
  if (line.endsWith("exit 0")) await ended;
  await until(() => left().length >= count, `${count} processes of ${line}`);
  return { tree, ended, left };
}

/** Shell lines, how many processes of them hold SECONDS, and whether they end when they are asked. */
const SITUATIONS: Readonly<Record<string, readonly [line: string, count: number, endsWhenAsked: boolean]>> = {
  "a shell that waits for its last command": ["sleep SECONDS; echo", 2, true],
  "one in the background of a shell that has gone": ["sleep SECONDS & exit 0", 1, true],
  "shells in shells": ["sh -c 'sh -c \"sleep SECONDS; echo\"; echo'; echo", 4, true],
  "a session of its own": ["setsid sleep SECONDS", 1, true],
  "a double fork": ["(setsid sh -c 'sleep SECONDS & exit' &); exit 0", 1, true],
  "an empty environment": ["(setsid env -i sleep SECONDS &); exit 0", 1, true],
  "a name of its own": ["(setsid perl -e '$0 = qq(SECONDS); sleep 999' &); exit 0", 1, true],
  "a process that ignores SIGTERM": ["trap '' TERM; sleep SECONDS; echo", 2, false],
  "a grandchild that ignores SIGTERM": ["sh -c 'trap \"\" TERM; sleep SECONDS; echo'; echo", 3, false],
  "a daemon that ignores SIGTERM": ["(trap '' TERM; setsid sleep SECONDS &); exit 0", 1, false],
  "a stopped process": ["sh -c 'kill -STOP $$; echo SECONDS'; echo", 2, true],
  "a limit on locks of its own, in a session of its own": [
    "bash -c 'ulimit -S -x unlimited; setsid sleep SECONDS; echo'; echo",
    3,
    true,
  ],
};

describe.skipIf(noProc)(because("a tree of processes is stopped whole", noProc), () => {
  for (const [name, [line, count, endsWhenAsked]] of Object.entries(SITUATIONS)) {
    test(name, async () => {
      const { tree, left } = await startTree(line, count);
      const started = performance.now();
      expect(await tree.stop({ timeout: endsWhenAsked ? 20_000 : 300 })).toEqual([]);
      expect(left()).toEqual([]);
      expect(tree.members()).toEqual([]);
      if (endsWhenAsked) expect(performance.now() - started).toBeLessThan(10_000);
      else expect(performance.now() - started).toBeGreaterThan(290);
    });
  }

  test("a process that forks and ends without pause, each time in a new session", async () => {
    const trace = join(mkdtempSync(join(tmpdir(), "realpeer-tree-")), "trace");
    const hops = (): number => existsSync(trace) ? statSync(trace).size : 0;
    const hop = "while (1) { if (fork) { exit } POSIX::setsid(); syswrite F, q(.) }";
    const { tree } = await startServer(
      `perl -e 'use POSIX; $SIG{TERM} = q(IGNORE); open F, q(>>${trace}); ${hop}'`,
      { log: "/dev/null" },
    );
    await until(() => hops() > 20, "it runs");
    expect(tree.members().length).toBeGreaterThan(0);
    expect(await tree.stop({ timeout: 100 })).toEqual([]);
    const left = hops();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(hops()).toBe(left);
  });

  test("a program whose main thread has ended while another runs", async () => {
    const folder = mkdtempSync(join(tmpdir(), "realpeer-tree-"));
    const trace = join(folder, "trace");
    const beats = (): number => existsSync(trace) ? statSync(trace).size : 0;
    const beat = `with open("${trace}", "a", 1) as file:\n    for _ in range(3000): print(file=file); time.sleep(0.01)`;
    const lines = ["import ctypes, threading, time", "def run():", `  ${beat}`, "threading.Thread(target=run).start()"];
    writeFileSync(join(folder, "main.py"), [...lines, "ctypes.CDLL(None).pthread_exit(None)"].join("\n"));
    const { tree } = await startServer(`setsid python3 ${folder}/main.py & exit 0`, { log: "/dev/null" });
    await until(() => beats() > 20, "it runs");
    expect(await tree.stop({ timeout: 2000 })).toEqual([]);
    const left = beats();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(beats()).toBe(left);
  });

  test("what a server starts to clear up is left to do so", async () => {
    const folder = mkdtempSync(join(tmpdir(), "realpeer-tree-"));
    const seconds = uniqueSeconds();
    const trap = `trap 'sleep 0.3; echo cleared > ${folder}/log; exit' TERM`;
    const line = `${trap}; touch ${folder}/ready; while :; do sleep 0.05; done # ${seconds}`;
    const { tree } = await startServer(line, { log: "/dev/null" });
    await until(() => existsSync(join(folder, "ready")), "the server catches SIGTERM");
    expect(await tree.stop()).toEqual([]);
    expect(readFileSync(join(folder, "log"), "utf8")).toBe("cleared\n");
    expect(processesWith(seconds)).toEqual([]);
  });

  test("at once when that is wanted, in the middle of the time-out", async () => {
    const { tree, left } = await startTree("trap '' TERM; sleep SECONDS; echo", 2);
    const hurry = new AbortController();
    setTimeout(() => hurry.abort(), 200);
    const started = performance.now();
    expect(await tree.stop({ timeout: 30_000, hurry: hurry.signal })).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(left()).toEqual([]);
  });

  test("with another signal", async () => {
    const { tree, ended, left } = await startTree("trap '' TERM; trap 'exit 3' INT; sleep SECONDS & wait", 2);
    // A command in the background of a shell ignores SIGINT.
    expect(await tree.stop({ signal: "SIGINT", timeout: 300 })).toEqual([]);
    expect(await ended, "the shell's own answer to SIGINT").toBe(3);
    expect(left()).toEqual([]);
  });

  test("and nothing else is: what has no mark, and another tree", async () => {
    const seconds = uniqueSeconds();
    const bystander = spawn("sleep", [seconds]);
    const one = await startTree("sleep SECONDS; echo", 2);
    const other = await startTree("(setsid sleep SECONDS &); sleep SECONDS", 2);
    expect(await one.tree.stop()).toEqual([]);
    expect(other.left().length).toBeGreaterThanOrEqual(2);
    expect(processesWith(seconds)).toEqual([bystander.pid]);
    bystander.kill();
    expect(await other.tree.stop()).toEqual([]);
  });

  test("a process of another user that may not be killed is named", async () => {
    const { tree, left } = await startTree("setsid sleep SECONDS", 1);
    const linux = linuxProcesses();
    // What kill(2) says of a setuid program.
    const denying: ProcessSystem = { ...linux, signal: () => "denied" };
    const foreign = new ProcessTree({ pid: tree.pid, mark: tree.mark, system: denying });
    const unstopped = await foreign.stop({ timeout: 50 });
    expect(unstopped.map(({ pid }) => pid).toSorted()).toEqual(left().toSorted());
    expect(await tree.stop()).toEqual([]);
  });

  const nginx = find("nginx");
  const noNginx = missing(["nginx", nginx]);
  test.skipIf(noNginx)(because("nginx as a daemon, with its workers", noNginx), async () => {
    await using dead = await deadPort();
    const folder = mkdtempSync(join(tmpdir(), "realpeer-nginx-"));
    const { port } = dead;
    await dead.release();
    writeFileSync(
      join(folder, "nginx.conf"),
      `pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 2; events {}
       http { access_log off; server { listen 127.0.0.1:${port}; } }`,
    );
    const { tree, ended } = await startServer(`${nginx} -p ${folder} -c ${folder}/nginx.conf`, { log: "/dev/null" });
    expect(await ended).toBe(0);
    await until(() => tree.members().length >= 3, "a master and two workers");
    expect(await tree.stop()).toEqual([]);
    expect(processesWith(folder)).toEqual([]);
    expect(socketsOnPort(port).filter((socket) => socket.startsWith("0A"))).toEqual([]);
  });

  const redis = find("redis-server");
  const noRedis = missing(["redis-server", redis]);
  test.skipIf(noRedis)(because("redis as a daemon", noRedis), async () => {
    const folder = mkdtempSync(join(tmpdir(), "realpeer-redis-"));
    const socket = `${folder}/redis.sock`;
    const options = `--port 0 --unixsocket ${socket} --daemonize yes --save '' --dir ${folder}`;
    const { tree, ended } = await startServer(`${redis} ${options}`, { log: "/dev/null" });
    expect(await ended).toBe(0);
    await until(() => processesWith(socket).length === 1, "redis runs");
    expect(await tree.stop()).toEqual([]);
    expect(processesWith(socket)).toEqual([]);
  });
});

test("a tree in which processes that may not be killed appear without end is given up", async () => {
  let pid = 100;
  const row = (): ProcessRow => (
    { pid, parent: 1, group: pid, session: pid, isGone: false, startTime: pid, name: "root's" }
  );
  const foreign: ProcessSystem = {
    canAsk: false,
    list(visit) {
      if (++pid > 10_000) throw new Error("It is searched without end");
      visit?.(row());
      return { rows: [row()], hasVanished: false };
    },
    read: () => row(),
    readMark: () => 7,
    signal: () => "denied",
  };
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now += 100);
  try {
    const left = await new ProcessTree({ pid: 100, mark: 7, system: foreign }).stop();
    expect(left.map(({ name }) => name)).toEqual(["root's"]);
  } finally {
    clock.mockRestore();
  }
});

test("a tree that leaves many zombies is gone after few looks", async () => {
  let looks = 0;
  const zombies = Array.from({ length: 1000 }, (_, i): ProcessRow => (
    { pid: 100 + i, parent: 1, group: 100, session: 100, isGone: true, startTime: 100 + i, name: "gone" }
  ));
  const system: ProcessSystem = {
    canAsk: true,
    list(visit) {
      looks++;
      zombies.forEach((row) => visit?.(row));
      return { rows: zombies, hasVanished: false };
    },
    read: (pid) => zombies.find((row) => row.pid === pid) ?? null,
    readMark: () => 7,
    signal: () => "gone",
  };
  expect(await new ProcessTree({ pid: 100, mark: 7, system }).stop()).toEqual([]);
  expect(looks).toBeLessThan(10);
});

test("a process that is seen only after it has ended has started another one, which is searched for", async () => {
  const row = (pid: number, isGone: boolean): ProcessRow => (
    { pid, parent: 1, group: pid, session: pid, isGone, startTime: pid, name: "hop" }
  );
  const zombies: ProcessRow[] = [];
  let pid = 100;
  let looks = 0;
  let isKilled = false;
  const hopping: ProcessSystem = {
    canAsk: false,
    list(visit) {
      // It moves on with every look, and in one of five it is seen before it has ended.
      looks++;
      if (!isKilled && looks % 5 !== 1) zombies.push(row(pid++, true));
      const rows = isKilled || looks % 5 !== 1 ? [...zombies] : [row(pid, false), ...zombies];
      for (const each of rows) visit?.(each);
      return { rows, hasVanished: false };
    },
    read: (wanted) => zombies.find((each) => each.pid === wanted) ?? (wanted === pid ? row(pid, isKilled) : null),
    readMark: () => 7,
    signal(target, name) {
      if (target !== pid || looks < 6) return "gone";
      isKilled ||= name === "SIGKILL";
      return "sent";
    },
  };
  const tree = new ProcessTree({ pid: 100, mark: 7, system: hopping });
  expect(await tree.stop()).toEqual([]);
  expect(isKilled).toBe(true);
});

/** A process list that a test changes; what was sent is written down, and ends nothing but what it names. */
function scripted(first: readonly ProcessRow[]): { system: ProcessSystem; rows: ProcessRow[]; sent: string[] } {
  const rows = [...first];
  const sent: string[] = [];
  const system: ProcessSystem = {
    canAsk: false,
    list(visit) {
      const seen = [...rows];
      for (const row of seen) visit?.(row);
      return { rows: seen, hasVanished: false };
    },
    read: (pid) => rows.find((row) => row.pid === pid) ?? null,
    readMark: () => null,
    signal(target, name) {
      sent.push(`${target} ${name}`);
      const isHit = (row: ProcessRow): boolean => target < 0 ? row.group === -target : row.pid === target;
      const before = rows.length;
      rows.splice(0, before, ...rows.filter((row) => !isHit(row)));
      return rows.length < before ? "sent" : "gone";
    },
  };
  return { system, rows, sent };
}

/** A process that began at the time of its number, and has no connection to a tree. */
function alone(pid: number, more: Partial<ProcessRow> = {}): ProcessRow {
  return { pid, parent: 1, group: pid, session: pid, isGone: false, startTime: pid, name: "each", ...more };
}

describe("a tree without marks", () => {
  const pidsOf = (tree: ProcessTree): number[] => tree.members().map(({ pid }) => pid).toSorted((a, b) => a - b);

  test("has what is in the group or the session of its first process, or below it", () => {
    const { system, rows } = scripted([alone(100)]);
    const tree = new ProcessTree({ pid: 100, mark: null, system });
    rows.push(alone(101, { group: 100 }), alone(102, { session: 100 }), alone(104));
    // 106 is older than what has the number of its parent now.
    rows.push(alone(103, { parent: 102, startTime: 150 }), alone(105), alone(106, { parent: 103 }));
    expect(pidsOf(tree)).toEqual([100, 101, 102, 103]);
  });

  test("keeps what has left it, and takes no older or later owner of one of its numbers", () => {
    const { system, rows } = scripted([alone(100)]);
    const tree = new ProcessTree({ pid: 100, mark: null, system });
    rows.push(alone(101, { parent: 100 }));
    expect(pidsOf(tree)).toEqual([100, 101]);
    // 101 is an orphan with a session of its own; 90 is older, although it has the session's number.
    rows.splice(0, 2, alone(101), alone(90, { session: 100 }));
    expect(pidsOf(tree)).toEqual([101]);
    rows.splice(0, 2, alone(100, { startTime: 200 }), alone(201, { parent: 100 }));
    expect(pidsOf(tree), "another process has the number of the session").toEqual([]);
  });

  test("never has this process, whose end would be the end of all", async () => {
    const own = alone(process.pid, { parent: 100, session: 100, startTime: 300 });
    const { system, rows, sent } = scripted([alone(100), own]);
    const tree = new ProcessTree({ pid: 100, mark: null, system });
    rows.splice(0, 1);
    await tree.stop();
    expect(sent).toEqual([]);
  });

  test("is never asked to end by the numbers 0 and 1, which mean this group and every process", async () => {
    const ends = [alone(101, { parent: 100, group: 0 }), alone(102, { parent: 100, group: 1 })];
    const { system, sent } = scripted([alone(100), ...ends]);
    expect(await new ProcessTree({ pid: 100, mark: null, system }).stop()).toEqual([]);
    expect(sent.map((text) => text.split(" ")[0]).filter((target) => Number(target) >= -1)).toEqual(["101", "102"]);
  });

  test("is asked one by one where a process has left the group since it was read", async () => {
    const sent: string[] = [];
    const { system } = scripted([alone(100), alone(101, { group: 100, session: 100 })]);
    const moving: ProcessSystem = {
      ...system,
      canAsk: true,
      read: (pid) => pid === 101 ? alone(101) : system.read(pid),
      signal: (target, name) => (sent.push(`${target} ${name}`), "sent"),
    };
    const tree = new ProcessTree({ pid: 100, mark: null, system: moving });
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now += 1000);
    await tree.stop().finally(() => clock.mockRestore());
    expect(sent.filter((text) => text.endsWith("TERM"))).toEqual(["-100 SIGTERM", "101 SIGTERM"]);
  });
});

describe.skipIf(noProc)(because("where there are no marks", noProc), () => {
  test("ps tells the same of every process of this machine", () => {
    const seconds = uniqueSeconds();
    const child = spawn("sleep", [seconds], { detached: true });
    try {
      const row = psProcesses().list()?.rows.find(({ pid }) => pid === child.pid);
      expect(row).toMatchObject({ parent: process.pid, group: child.pid, isGone: false });
      expect(row?.name).toMatch(new RegExp(`sleep ${seconds}$`));
      expect(Math.abs(Date.now() - row!.startTime)).toBeLessThan(60_000);
    } finally {
      child.kill();
    }
  });

  test("the group and the chain of parents are stopped, by ps", async () => {
    const seconds = uniqueSeconds();
    const line = `setsid sleep ${seconds} & sleep ${seconds}; echo`;
    const server = await startServer(line, { log: "/dev/null", platform: "darwin" });
    await until(() => processesWith(seconds).length >= 3, "all run");
    const tree = new ProcessTree({ pid: server.tree.pid, mark: null, system: psProcesses() });
    expect(tree.members().length).toBeGreaterThanOrEqual(3);
    expect(await tree.stop()).toEqual([]);
    expect(processesWith(seconds)).toEqual([]);
  });

  test("the group is stopped where no process may be looked at", async () => {
    const seconds = uniqueSeconds();
    const { tree: { pid } } = await startServer(`trap '' TERM; sleep ${seconds} & sleep ${seconds}; echo`);
    await until(() => processesWith(seconds).length >= 3, "all run");
    const blind: ProcessSystem = { ...linuxProcesses(), list: () => null, read: () => null, readMark: () => null };
    const tree = new ProcessTree({ pid, mark: null, system: blind });
    expect(tree.isVisible).toBe(false);
    await tree.stop({ timeout: 100 });
    expect(processesWith(seconds)).toEqual([]);
  });
});

describe("a server's mark", () => {
  test.skipIf(noProc)(because("is a number of its own, and none where the hard limit is lower", noProc), () => {
    expect(isMark(chooseMark(0))).toBe(true);
    expect(isMark(chooseMark(0.999_999_9))).toBe(true);
    expect([isMark(null), isMark(1000)]).toEqual([false, false]);
    const folder = mkdtempSync(join(tmpdir(), "realpeer-limits-"));
    execFileSync("mkdir", ["-p", join(folder, "self")]);
    writeFileSync(
      join(folder, "self/limits"),
      "Max file locks            1000                 1000                 locks\n",
    );
    expect(chooseMark(0.5, folder)).toBeNull();
    expect(chooseMark(0.5, join(folder, "missing"))).toBeNull();
  });

  test("inside of another tree shows that one, too, at any depth", () => {
    const folder = mkdtempSync(join(tmpdir(), "realpeer-limits-"));
    mkdirSync(join(folder, "self"));
    const chooseIn = (limit: number | string, random: number): number => {
      writeFileSync(
        join(folder, "self/limits"),
        `Max file locks            ${limit}           unlimited        locks\n`,
      );
      return chooseMark(random, folder)!;
    };
    const [one, other] = [chooseIn("unlimited", 0), chooseIn(1000, 0.999_999_999)];
    const inner = [0, 0.3, 0.999_999_999].map((random) => chooseIn(one, random));
    const innermost = chooseIn(inner[1]!, 0.7);
    const all = [one, other, ...inner, innermost];
    expect(all.every((mark) => isMark(mark) && Number.isSafeInteger(mark))).toBe(true);
    const marked = (tree: number) => all.filter((mark) => isMarkedBy(tree, mark));
    expect(marked(one)).toEqual([one, ...inner, innermost]);
    for (const tree of [other, ...inner, innermost]) expect(marked(tree)).toEqual([tree]);
    for (const limit of [null, Infinity, 1000, 2 ** 63]) expect(isMarkedBy(one, limit)).toBe(false);
  });

  const shells = ["dash", "bash", "busybox"].filter((shell) => find(shell, ["/bin", "/usr/bin"]));
  const lines = [
    "# only a comment",
    "",
    "syntax (",
    "; x",
    "no-such-program-anywhere",
    "exit 3",
    "false || echo 'a  b' \"$HOME\" `echo c` \\\n d",
    "echo $LINENO",
    "cat <<X\n  here\nX",
    "kill -9 $$",
  ];
  for (const shell of process.platform === "linux" ? shells : []) {
    test(`does not change what ${shell} does with a command line, and is there`, () => {
      const folder = mkdtempSync(join(tmpdir(), "realpeer-shell-"));
      // busybox is a shell by this name.
      const path = join(folder, "sh");
      symlinkSync(find(shell, ["/bin", "/usr/bin"])!, path);
      const run = (line: string, mark: number | null) => {
        const [file, ...args] = shellCommand(line, mark, "linux", path);
        const { status, signal, stdout, stderr } = spawnSync(file, args, { encoding: "utf8" });
        return { status, signal, stdout, stderr };
      };
      for (const line of lines) expect(run(line, 2 ** 30 + 7), line).toEqual(run(line, null));
      expect(run("grep locks /proc/self/limits", 2 ** 30 + 7).stdout).toMatch(/^Max file locks +1073741831 /);
    });
  }
});
