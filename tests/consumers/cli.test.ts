import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, noLab } from "../fixtures/lab.ts";
import { root } from "../fixtures/runtime.ts";
import { newProject, npmInstall, type Project, tool } from "./project.ts";

const deno = [tool("deno"), "run", "--quiet", "--no-prompt"];
const ALLOW_NET = "--allow-net=127.0.0.1:40000,127.0.0.1:50000";
/** Every way in which the command can be started. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  "node_modules/.bin/realpeer": ["node_modules/.bin/realpeer"],
  "npx realpeer": ["npx", "--offline", "realpeer"],
  "bunx --bun realpeer": [tool("bun"), "x", "--bun", "realpeer"],
  "require() of /cli": ["node", "command.cjs"],
  "deno run of /cli in node_modules": [...deno, ALLOW_NET, "npm:@realpeer/tcp/cli"],
  "deno run of the source": [...deno, ALLOW_NET, join(root, "src/cli/main.ts")],
};

describe("the command of the packed package", () => {
  let project: Project;
  let version: string;
  beforeAll(async () => {
    project = await newProject("commonjs", npmInstall());
    ({ version } = JSON.parse(readFileSync(join(project.folder, "node_modules/@realpeer/tcp/package.json"), "utf8")));
    project.write("command.cjs", 'require("@realpeer/tcp/cli");');
    // As a registry would have installed it; npm: finds no package by a file's path.
    project.write("package.json", { private: true, dependencies: { "@realpeer/tcp": version } });
  });
  afterAll(() => project?.remove());

  for (const [name, command] of Object.entries(WAYS)) {
    test(`prints the package's version: ${name}`, async () => {
      expect(await project.output([...command, "--version"])).toBe(`${version}\n`);
    });

    test.skipIf(noLab)(because(`waits for a real server, and for nobody in vain: ${name}`, noLab), async () => {
      const waited = await project.outputInLab([...command, "wait", "--json", "127.0.0.1:50000"]);
      expect(JSON.parse(waited)).toMatchObject({ ready: true, targets: [{ ready: true, selfConnects: 0 }] });
      const inVain = [...command, "wait", "--json", "--timeout", "300ms", "127.0.0.1:40000"];
      const failed = await project.outputInLab(inVain, 1);
      expect(JSON.parse(failed)).toMatchObject({ ready: false, targets: [{ ready: false, error: expect.anything() }] });
    });
  }

  const COMMAND_LINES: readonly [args: readonly string[], status: number][] = [
    [["wait"], 2],
    [["wait", "--help"], 0],
    [["wait", "--free", "--timeout", "5s", "127.0.0.1:40000"], 0],
    [["wait", "--free", "--timeout", "100ms", "127.0.0.1:50000"], 1],
    [["wait", "--while-pid", "1", "50000", "--", "node", "-p", "6 * 7"], 0],
    [["wait", "50000", "--", "node", "-e", "process.exitCode = 7", "--", "--version"], 7],
    [["wiat", "50000"], 2],
    [["demo", "--nope"], 2],
    [["demo", "--guarded", "--attempts", "3", "40000"], 0],
    [["check", "--json", "50001"], 0],
    [["scan", "--json"], 0],
  ];
  test.skipIf(noLab).each(COMMAND_LINES)(because("realpeer %j ends with %i", noLab), async (args, status) => {
    await project.outputInLab(["node_modules/.bin/realpeer", ...args], status);
  });

  test.skipIf(noLab)(because("runs on Node without its loader for ES modules, which is slow", noLab), async () => {
    const loaded = 'process.moduleLoadList.some((module) => module.endsWith("esm/translators"))';
    project.write("loaded.cjs", `process.on("exit", () => console.log(${loaded}));`);
    const command = ["node", "-r", "./loaded.cjs", "node_modules/.bin/realpeer"];
    expect(await project.outputInLab([...command, "wait", "50000"])).toBe("false\n");
    expect(await project.outputInLab([...command, "--version"])).toBe(`${version}\nfalse\n`);
  });
});
