import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, noLab } from "../fixtures/lab.ts";
import { root } from "../fixtures/runtime.ts";
import { INSTALL_LIMIT_MS, type Machine, newMachine } from "./machine.ts";

const README = readFileSync(join(root, "README.md"), "utf8");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The blocks of code of a text in a language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``, "g"))].map(([, code = ""]) => code);
}

/** The first block of code below a heading of the README. */
function codeBelow(heading: string, language: string): string {
  const [code] = blocks(README.slice(README.indexOf(`\n${heading}\n`)), language);
  if (code === undefined) throw new Error(`README.md has no ${language} block below "${heading}"`);
  return code;
}

/** The shell lines of doc comments. */
function documentedLines(): string[] {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts")
  );
  const comments = files.map((file) => readFileSync(join(root, "src", file), "utf8").replaceAll(/^ \* ?/gm, ""));
  return comments.flatMap((comment) => blocks(comment, "sh")).flatMap((block) => block.split("\n"));
}

const LINES = [...new Set([...blocks(README, "sh").flatMap((block) => block.split("\n")), ...documentedLines()])];
/** In a checkout of this repository; they are the tests themselves, or take as long. */
const isForCheckout = (line: string): boolean => /^(npm ci && |npm run (?!dev\b)|git push)/.test(line);
/** They bring the package themselves. */
const isForEmptyFolder = (line: string): boolean =>
  /^(npm install|npx|bun add|bunx|deno (add|install))\b|jsr:/.test(line);
const IN_CHECKOUT = LINES.filter(isForCheckout);
const IN_EMPTY_FOLDER = LINES.filter((line) => !isForCheckout(line) && isForEmptyFolder(line));
const IN_PROJECT = LINES.filter((line) => !isForCheckout(line) && !isForEmptyFolder(line));

/** Nobody stops a server that a line has left in the background. */
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
      const { code, stdout, stderr } = await machine.sh(line);
      expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
    });
  }
});

/** Each quick start: what its block prints, run by the line that its first comment names. */
const QUICK_STARTS = [
  {
    heading: "### A script for `deno run`",
    language: "ts",
    prints: /^connected to \{ hostname: "[^"]+", port: 5432 \}\n$/,
  },
  { heading: "### A Node project", language: "js", install: "npm install @realpeer/tcp", prints: /PING\r\n\n$/ },
  { heading: "### A Bun project", language: "ts", install: "bun add @realpeer/tcp", prints: /PING\r\n\n$/ },
];

for (const { heading, language, install, prints } of QUICK_STARTS) {
  test.skipIf(noLab)(because(`the quick start runs as it stands: ${heading}`, noLab), async () => {
    const code = codeBelow(heading, language);
    const [, file = "", command = ""] = /^\/\/ (\S+): (.+)$/m.exec(code) ?? [];
    if (install !== undefined) expect(codeBelow(heading, "sh")).toMatch(new RegExp(`^${install}\\b`));
    const machine = newMachine();
    try {
      machine.write(file, code);
      const { stdout, stderr } = await machine.sh([...install ? [install] : [], command].join(" && "));
      expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(prints), stderr: expect.anything() });
    } finally {
      machine.remove();
    }
  });
}

test.skipIf(noLab)(because("the first screen's lines of code run as they stand", noLab), async () => {
  const [code = ""] = blocks(README, "ts");
  const machine = newMachine();
  try {
    machine.write("main.ts", code);
    const { stdout, stderr } = await machine.sh("bun add @realpeer/tcp && bun main.ts");
    const prints = /connected to \{\s+hostname: "[^"]+",\s+port: 41000,?\s+\}\n$/;
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(prints), stderr: expect.anything() });
  } finally {
    machine.remove();
  }
});

test("the README has no link or picture that only a checkout can follow", () => {
  const links = [...README.matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link);
  expect(links.filter((link) => !/^(https:\/\/|#)/.test(link))).toEqual([]);
});
