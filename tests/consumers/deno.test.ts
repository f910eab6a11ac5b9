import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, noLab } from "../fixtures/lab.ts";
import { root } from "../fixtures/runtime.ts";
import { newProject, npmInstall, PORTABLE_LINES, type Project, tool } from "./project.ts";

const DENO_LINES = "SelfConnectError ECONNREFUSED 3\nTypeError\necho hello\n";
const SCRIPTS = [
  { script: "portable.ts", entry: "@realpeer/tcp", source: "mod.ts", lines: PORTABLE_LINES },
  { script: "deno_conn.ts", entry: "@realpeer/tcp/deno", source: "src/adapters/deno.ts", lines: DENO_LINES },
];
// Nothing else is allowed: no file is read, no environment, no other host.
const ALLOW_NET = "--allow-net=127.0.0.1:40000,127.0.0.1:50000";

describe("a project for Deno", () => {
  const deno = tool("deno");
  let project: Project;
  beforeAll(async () => {
    project = await newProject("module", npmInstall());
    project.use("unguarded.js");
    for (const { script, entry, source } of SCRIPTS) {
      project.use(script);
      const text = readFileSync(join(project.folder, script), "utf8");
      const byPath = text.replace(`"${entry}"`, `"${pathToFileURL(join(root, source)).href}"`);
      project.write(`by_path_${script}`, byPath);
    }
  });
  afterAll(() => project?.remove());

  for (const { script, lines } of SCRIPTS) {
    test.skipIf(noLab)(
      because(`runs ${script} on the source tree, with --allow-net for two ports only`, noLab),
      async () => {
        const command = [deno, "run", "--quiet", "--no-prompt", ALLOW_NET, `by_path_${script}`];
        expect(await project.outputInLab(command)).toBe(lines);
      },
    );

    test.skipIf(noLab)(
      because(`runs ${script} on node_modules, with --allow-net for two ports only`, noLab),
      async () => {
        const command = [deno, "run", "--quiet", "--no-prompt", ALLOW_NET, script];
        expect(await project.outputInLab(command)).toBe(lines);
      },
    );

    test(`finds the types of ${script} in the tarball`, async () => {
      await project.output([deno, "check", "--quiet", script]);
    });
  }

  test.skipIf(noLab)(because("is guarded with --preload @realpeer/tcp/register", noLab), async () => {
    // Deno looks for `npm:` packages in node_modules by the version in package.json, which npm made a file's path.
    const { version } = JSON.parse(
      readFileSync(join(project.folder, "node_modules/@realpeer/tcp/package.json"), "utf8"),
    );
    project.write("package.json", { private: true, type: "module", dependencies: { "@realpeer/tcp": version } });
    const command = [deno, "run", "--quiet", "-A"];
    expect(await project.outputInLab([...command, "unguarded.js"])).toBe("connect\nclose\n");
    const lines = await project.outputInLab([...command, "--preload=npm:@realpeer/tcp/register", "unguarded.js"]);
    expect(lines).toBe("error SelfConnectError ECONNREFUSED\nclose\n");
  });
});
