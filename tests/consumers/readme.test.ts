import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { codeBelow, codeBlocks, README } from "../fixtures/readme.ts";
import { root } from "../fixtures/runtime.ts";
import { INSTALL_LIMIT_MS, type Machine, newMachine } from "./machine.ts";

const CONTRIBUTING = readFileSync(join(root, ".github/CONTRIBUTING.md"), "utf8");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The shell lines in a text. */
function shellLines(text: string): string[] {
  return codeBlocks(text, "sh").flatMap((block) => block.split("\n"));
}

/** The shell lines of doc comments. */
function documentedLines(): string[] {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts")
  );
  const comments = files.map((file) => readFileSync(join(root, "src", file), "utf8").replaceAll(/^ \* ?/gm, ""));
  return comments.flatMap(shellLines);
}

const LINES = [...new Set([...shellLines(README), ...documentedLines()])];
/** In a checkout of this repository; they are the tests themselves, or take as long. */
const isForCheckout = (line: string): boolean => /^npm (ci && |test\b|run (?!dev\b))/.test(line);
/** They bring the package themselves. */
const isForEmptyFolder = (line: string): boolean =>
  /^(npm install|npx|bun add|bunx|deno (add|install))\b|jsr:/.test(line);
const IN_CHECKOUT = [...LINES, ...shellLines(CONTRIBUTING)].filter(isForCheckout);
const IN_EMPTY_FOLDER = LINES.filter((line) => !isForCheckout(line) && isForEmptyFolder(line));
const IN_PROJECT = LINES.filter((line) => !isForCheckout(line) && !isForEmptyFolder(line));

/** A server that a line has left in the background ends by itself. */
const DEV_SERVER_ENDS = 'server.on("connection", () => setTimeout(() => process.exit(), 2000));';

/** What the lines take for granted: a server, a development server that a test ends, and programs. */
function fill(machine: Machine): void {
  const listen = (port: number, then: string): string =>
    `import http from "node:http";
const server = http.createServer((_request, response) => response.end("page")).listen(${port}, () => ${then});\n`;
  machine.write("server.js", listen(8080, "server.close()"));
  machine.write("dev.js", listen(3000, "setTimeout(() => process.exit(), 10_000)") + DEV_SERVER_ENDS);
  machine.write("e2e.js", 'console.log("tested");');
  for (const file of ["main.js", "main.ts"]) machine.write(file, 'console.log("main");');
  machine.write("package.json", {
    name: "user",
    private: true,
    type: "module",
    scripts: { start: "node server.js", dev: "node dev.js", e2e: "node e2e.js", test: "node e2e.js" },
  });
}

test("finds the README's shell lines", () => {
  expect(IN_CHECKOUT.length).toBeGreaterThan(2);
  expect(IN_EMPTY_FOLDER.length).toBeGreaterThan(6);
  expect(IN_PROJECT.length).toBeGreaterThan(4);
});

test.each(IN_CHECKOUT)("a checkout has what this line runs: %s", (line) => {
  const names = [...line.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name = ""]) => name);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(names.filter((name) => name !== "ci")));
});

describe.concurrent("in an empty folder, with an empty HOME,", { timeout: INSTALL_LIMIT_MS }, () => {
  for (const line of IN_EMPTY_FOLDER) {
    test.skipIf(noLab)(because(`this line ends well: ${line}`, noLab), async ({ expect }) => {
      const machine = newMachine();
      try {
        fill(machine);
        const { code, stdout, stderr } = await machine.sh(line);
        expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
      } finally {
        machine.remove();
      }
    });
  }
});

describe("with the package installed,", () => {
  let machine: Machine;
  beforeAll(async () => {
    if (noLab !== undefined) return;
    machine = newMachine();
    fill(machine);
    const { code, stderr } = await machine.sh("npm install @realpeer/tcp && npm install -g @realpeer/tcp");
    if (code !== 0) throw new Error(stderr);
  });
  afterAll(() => machine?.remove());

  for (const line of IN_PROJECT) {
    test.skipIf(noLab)(because(`this line ends well: ${line}`, noLab), async () => {
      // Suites that run beside this one have self-connections in their namespaces.
      const { code, stdout, stderr } = await machine.sh(line, line.includes("--all-namespaces"));
      expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
    });
  }
});

/** The README's programs, each with the nearest heading above it. */
const PROGRAMS = README.split(/^(?=#+ )/m).flatMap((section) =>
  [...section.matchAll(/^```(js|ts)\n([^]*?)\n```$/gm)].map(([, language = "", code = ""]) => ({
    heading: section.slice(0, section.indexOf("\n")),
    language,
    code,
  }))
);

interface Way {
  readonly name: string;
  /** Prepares an empty folder, on a machine of its own. */
  readonly install?: string;
  readonly file: string;
  readonly command: string;
}

const NODE: Way = { name: "Node", install: "npm install @realpeer/tcp", file: "main.mjs", command: "node main.mjs" };
const BUN: Way = { name: "Bun", install: "bun add @realpeer/tcp", file: "main.ts", command: "bun main.ts" };
const DENO: Way = {
  name: "Deno",
  install: "deno add jsr:@realpeer/tcp",
  file: "main.ts",
  command: "deno run --allow-all main.ts",
};
const DENO_SCRIPT: Way = {
  name: "Deno, with nothing installed",
  file: "main.ts",
  command: "deno run --allow-net main.ts",
};
/** From the tests' own packages: a lab namespace has no registry but that of this package. */
const NODE_WITH_PG: Way = {
  ...NODE,
  name: "Node, beside pg",
  install: `${NODE.install} && ln -s "${join(root, "node_modules/pg")}" node_modules`,
};

interface Run {
  readonly heading: string;
  readonly ways: readonly Way[];
  /** What a test adds at the end, where the program itself would show nothing. */
  readonly added?: string;
  readonly stdout: RegExp;
  readonly stderr?: RegExp;
}

const connectedTo = (port: number): RegExp =>
  new RegExp(`^connected to \\{\\s+hostname: ["'][^"']+["'],\\s+port: ${port},?\\s+\\}\\n$`);

const RUNS: readonly Run[] = [
  { heading: "# @realpeer/tcp", ways: [NODE, BUN, DENO], stdout: connectedTo(41000) },
  { heading: "### A script for `deno run`", ways: [DENO_SCRIPT], stdout: connectedTo(5432) },
  { heading: "### A Node project", ways: [NODE], stdout: /^PING\r\n\n$/ },
  { heading: "### A Bun project", ways: [BUN], stdout: /^PING\r\n\n$/ },
  {
    heading: "### All of them at once: register",
    ways: [NODE, BUN, DENO],
    added: `import { connect } from "node:net";\nconnect(${LAB_PORT}, "127.0.0.1").on("error", () => {});`,
    stdout: /^$/,
    stderr: new RegExp(
      `^connected to itself (\\{\\s+hostname: ["']127\\.0\\.0\\.1["'],\\s+port: ${LAB_PORT},?\\s+\\}\\s){2}$`,
    ),
  },
  {
    heading: "### One client, by its own hook",
    ways: [NODE_WITH_PG],
    added: `client.connection.stream.on("error", ({ name }) => console.log(name)).connect(${LAB_PORT}, "127.0.0.1");`,
    stdout: /^SelfConnectError\n$/,
  },
  { heading: "## Shield a port", ways: [NODE, BUN, DENO], stdout: /^not-at-risk\n$/ },
  {
    heading: "## Fixtures for tests: `@realpeer/tcp/testing`",
    ways: [NODE, BUN, DENO],
    added: "console.log(pair.local.port === pair.remote.port, dead.hostname);",
    stdout: /^true 127\.0\.0\.1\n$/,
  },
];

test("every program of the README is run", () => {
  expect(PROGRAMS.map(({ heading }) => heading)).toEqual(RUNS.map(({ heading }) => heading));
});

test("the README's JavaScript has no syntax that Node 20 lacks", () => {
  const code = PROGRAMS.filter(({ language }) => language === "js").map(({ code }) => code).join("\n");
  expect(code).not.toMatch(/\b(await )?using \w+ =/);
});

test("a quick start names the line that runs it, below the line that installs the package", () => {
  for (const { heading, ways: [way] } of RUNS.filter(({ heading }) => /^### A (script|Node|Bun)/.test(heading))) {
    const { code } = PROGRAMS.find((program) => program.heading === heading)!;
    expect(code.split("\n")[0]).toBe(`// ${way!.file}: ${way!.command}`);
    if (way!.install !== undefined) expect(codeBelow(heading, "sh")).toMatch(new RegExp(`^${way!.install}\\b`));
  }
});

describe.concurrent("each program of the README", { timeout: INSTALL_LIMIT_MS }, () => {
  for (const way of [NODE, BUN, DENO, DENO_SCRIPT, NODE_WITH_PG]) {
    test.skipIf(noLab)(
      because(`runs as it stands on ${way.name}`, noLab),
      async ({ expect }) => {
        const machine = newMachine();
        try {
          if (way.install !== undefined) {
            const { code, stdout, stderr } = await machine.sh(way.install);
            expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
          }
          for (const { heading, added = "", stdout, stderr = /^$/ } of RUNS.filter(({ ways }) => ways.includes(way))) {
            machine.write(way.file, `${PROGRAMS.find((program) => program.heading === heading)!.code}\n${added}\n`);
            const finished = await machine.sh(way.command);
            // Deno names each file that it fetches.
            const said = finished.stderr.replaceAll(/^Download .*\n/gm, "");
            expect({ heading, code: finished.code, stdout: finished.stdout, stderr: said }).toEqual({
              heading,
              code: 0,
              stdout: expect.stringMatching(stdout),
              stderr: expect.stringMatching(stderr),
            });
          }
        } finally {
          machine.remove();
        }
      },
    );
  }
});

test("the README has no link or picture that only a checkout can follow", () => {
  const links = [...README.matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link);
  expect(links.filter((link) => !/^(https:\/\/|#)/.test(link))).toEqual([]);
});
