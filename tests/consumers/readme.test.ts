import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, noLab } from "../fixtures/lab.ts";
import { root } from "../fixtures/runtime.ts";
import { newProject, npmInstall, type Project, tool } from "./project.ts";

const README = readFileSync(join(root, "README.md"), "utf8");

/** The first block of code below a heading, in a language. */
function codeBelow(heading: string, language: string): string {
  const section = README.slice(README.indexOf(`\n${heading}\n`));
  const [, code] = new RegExp(`\n\`\`\`${language}\n([^]*?)\n\`\`\``).exec(section) ?? [];
  if (code === undefined) throw new Error(`README.md has no ${language} block below "${heading}"`);
  return code;
}

describe("the README's quick start, pasted as it stands,", () => {
  let project: Project;
  beforeAll(async () => {
    project = await newProject("module", npmInstall());
  });
  afterAll(() => project?.remove());

  test.skipIf(noLab)(because("runs as a script for deno run", noLab), async () => {
    project.write("deno.ts", codeBelow("### A script for `deno run`", "ts"));
    // Where JSR cannot be reached, its specifier is the source tree.
    project.write("jsr.json", { imports: { "jsr:@realpeer/tcp": pathToFileURL(join(root, "mod.ts")).href } });
    const command = [tool("deno"), "run", "--quiet", "--allow-net", "--import-map=jsr.json", "deno.ts"];
    expect(await project.outputInLab(command)).toMatch(/^connected to \{ hostname: "[^"]+", port: 5432 \}\n$/);
  });

  test.skipIf(noLab)(because("runs in a Node project", noLab), async () => {
    project.write("main.mjs", codeBelow("### A Node project", "js"));
    expect(await project.outputInLab(["node", "main.mjs"])).toBe("PING\r\n\n");
  });

  test.skipIf(noLab)(because("runs in a Bun project", noLab), async () => {
    project.write("main.ts", codeBelow("### A Bun project", "ts"));
    expect(await project.outputInLab([tool("bun"), "main.ts"])).toBe("PING\r\n\n");
  });
});
