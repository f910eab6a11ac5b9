import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, run } from "../fixtures/runtime.ts";
import { newProject, npmInstall, pinned, type Project, tool, TOOLS } from "./project.ts";

const LINES = "ECONNREFUSED\nECONNREFUSED\ntrue\ntrue\n";
const bundler = (name: string): string => join(root, TOOLS, ".bin", name);

/** How each makes one program of bundled.js, and the command that runs it. */
const BUNDLERS: Readonly<Record<string, { readonly build: readonly string[]; readonly run: readonly string[] }>> = {
  "esbuild, ES modules": {
    build: [tool("esbuild"), "bundled.js", "--bundle", "--platform=node", "--format=esm", "--outfile=esbuild.mjs"],
    run: ["node", "esbuild.mjs"],
  },
  "esbuild, CommonJS": {
    build: [tool("esbuild"), "bundled.js", "--bundle", "--platform=node", "--format=cjs", "--outfile=esbuild.cjs"],
    run: ["node", "esbuild.cjs"],
  },
  "webpack 5": { build: ["node", "webpack.mjs"], run: ["node", "webpack.cjs"] },
  rollup: { build: ["node", "rollup.mjs"], run: ["node", "rollup/bundled.js"] },
  "vite, for a server": {
    build: ["node", bundler("vite"), "build", "--ssr", "bundled.js", "--outDir", "vite", "--logLevel", "error"],
    run: ["node", "vite/bundled.js"],
  },
  "bun build --compile": {
    build: [tool("bun"), "build", "--compile", "bundled.js", "--outfile", "compiled"],
    run: ["./compiled"],
  },
};

/** The bundlers that have no command line, or one that needs more packages. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "webpack.mjs": `import { createRequire } from "node:module";
const webpack = createRequire(${JSON.stringify(join(root, TOOLS, "x.js"))})("webpack");
const output = { path: import.meta.dirname, filename: "webpack.cjs" };
webpack({ target: "node", mode: "production", entry: "./bundled.js", output }, (error, stats) => {
  if (!error && !stats.hasErrors() && !stats.hasWarnings()) return;
  console.error(error ?? stats.toString());
  process.exitCode = 1;
});`,
  "rollup.mjs": `import { createRequire } from "node:module";
import { join } from "node:path";
const { rollup } = createRequire(${JSON.stringify(join(root, TOOLS, "x.js"))})("rollup");
const folder = join(import.meta.dirname, "node_modules/@realpeer/tcp/esm");
const entries = { "": "mod.js", "/node": "src/adapters/node.js", "/testing": "src/api/testing.js" };
const own = {
  name: "own",
  resolveId: (id) => id.startsWith("@realpeer/tcp") ? join(folder, entries[id.slice(13)]) : null,
};
const bundle = await rollup({ input: "bundled.js", external: /^node:/, plugins: [own] });
await bundle.write({ dir: "rollup", format: "es" });`,
  "vite.config.js": "export default { ssr: { noExternal: true } };",
};

describe("a program of the root, /node and /testing runs when it was bundled by", () => {
  let project: Project;
  beforeAll(async () => {
    project = await newProject("module", npmInstall(pinned("@types/node")));
    project.use("bundled.ts");
    for (const [file, text] of Object.entries(SCRIPTS)) project.write(file, text);
    await project.output([tool("esbuild"), "bundled.ts", "--outfile=bundled.js", "--log-level=error"]);
  });
  afterAll(() => project?.remove());

  for (const [name, { build, run: command }] of Object.entries(BUNDLERS)) {
    test(name, async () => {
      await project.output(build);
      expect(await project.output(command)).toBe(LINES);
    });
  }

  test("deno compile, where its runtime can be had", async ({ skip }) => {
    const compile = [tool("deno"), "compile", "--quiet", "-A", "--output", "denoed", "bundled.js"];
    const { code, stderr } = await run(compile, { cwd: project.folder, env: { NO_COLOR: "1" } });
    // It downloads the runtime that it puts into the program.
    if (code !== 0 && /dl\.deno\.land|denort/.test(stderr)) return skip(`${stderr.trim().split("\n").at(-1)}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await project.output(["./denoed"])).toBe(LINES);
  });
});
