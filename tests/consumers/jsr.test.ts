import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, inLab, noLab } from "../fixtures/lab.ts";
import { commandFor, root, run, runForJson } from "../fixtures/runtime.ts";
import { tool } from "./project.ts";
import { copyTree } from "./tree_copy.ts";

interface Documentation {
  readonly nodes: Readonly<
    Record<
      string,
      { readonly module_doc?: { readonly doc?: string; readonly tags?: readonly { readonly kind: string }[] } }
    >
  >;
}

const deno = tool("deno");
const exports: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).exports;
const PUBLISHED = /^(mod\.ts|deno\.json|README\.md|CHANGELOG\.md|LICENSE|src\/[a-z_/]+\.ts)$/;

describe("the package on JSR", () => {
  test("publishes the modules and documents, without a warning and without slow types", async () => {
    const tree = copyTree();
    try {
      const { code, stdout, stderr } = await run([deno, "publish", "--dry-run"], { cwd: tree, env: { NO_COLOR: "1" } });
      expect(stdout + stderr).not.toMatch(/^(warning|error)/im);
      expect(code).toBe(0);
      const files = [...(stdout + stderr).matchAll(/file:\/\/(\S+) \(/g)].map(([, path = ""]) =>
        path.replace(`${tree}/`, "")
      );
      expect(files).toContain("mod.ts");
      expect(files.filter((path) => !PUBLISHED.test(path))).toEqual([]);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  });

  test("has complete documentation on every entry point", async () => {
    const { code, stderr } = await run([deno, "doc", "--lint", ...Object.values(exports)], { env: { NO_COLOR: "1" } });
    // Deno warns, in vain, of every file that @types/node is made of.
    const complaints = stderr.split("\n").filter((line) => line.startsWith("error"));
    expect({ code, complaints }).toEqual({ code: 0, complaints: [] });
  });

  for (const [name, path] of Object.entries(exports)) {
    test(`has a module document with an example on "${name}"`, async () => {
      const { nodes } = await runForJson<Documentation>([deno, "doc", "--json", path]);
      const [documentation] = Object.values(nodes);
      expect(documentation?.module_doc?.doc?.length).toBeGreaterThan(40);
      expect(documentation?.module_doc?.tags?.map(({ kind }) => kind)).toContain("example");
    });
  }

  test.skipIf(noLab)(because("documents examples that type-check and run", noLab), async () => {
    // They dial a server on port 5432. Those for Bun are not for Deno to run, see bun.test.ts.
    const command = [deno, "test", "--quiet", "-A", "--doc", "mod.ts", "src"];
    const { code, stdout, stderr } = await run(inLab(commandFor("tests/programs/beside_echo_server.ts", command)), {
      env: { NO_COLOR: "1" },
    });
    expect({ code, stderr, stdout: code === 0 ? "" : stdout }).toMatchObject({ code: 0, stdout: "" });
    expect(stdout).toMatch(/ok \| [1-9]\d* passed \| 0 failed/);
  });
});
