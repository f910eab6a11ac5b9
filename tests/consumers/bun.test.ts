import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, noLab } from "../fixtures/lab.ts";
import { root } from "../fixtures/runtime.ts";
import { newProject, pinned, PORTABLE_LINES, type Project, strictTsconfig, tool } from "./project.ts";
import { tarball } from "./tarball.ts";

describe("a TypeScript project for Bun, with @types/bun", () => {
  const bun = tool("bun");
  let project: Project;
  beforeAll(async () => {
    project = await newProject("module", [bun, "add", "--silent", tarball(), pinned("@types/bun")]);
    project.use("portable.ts", "bun_socket.ts", "unguarded.js");
  });
  afterAll(() => project?.remove());

  test("compiles, the exact types of Bun.Socket included", async () => {
    // Bun's own declarations do not pass without skipLibCheck.
    const options = { module: "preserve", noEmit: true, lib: ["esnext"], skipLibCheck: true };
    project.write("tsconfig.json", strictTsconfig(["portable.ts", "bun_socket.ts"], ["bun"], options));
    expect(await project.output([tool("tsc")])).toBe("");
  });

  test.skipIf(noLab)(because("dials with the portable API", noLab), async () => {
    expect(await project.outputInLab([bun, "portable.ts"])).toBe(PORTABLE_LINES);
  });

  test.skipIf(noLab)(because("dials with /bun; its handlers hear of the real peer only", noLab), async () => {
    expect(await project.outputInLab([bun, "bun_socket.ts"])).toBe(
      "SelfConnectError ECONNREFUSED 3 \nopen echo hello\n",
    );
  });

  test.skipIf(noLab)(because("runs the examples of /bun", noLab), async () => {
    const source = readFileSync(join(root, "src/adapters/bun.ts"), "utf8");
    const examples = [...source.matchAll(/^ \* ```ts ignore\n([\s\S]*?)^ \* ```$/gm)];
    expect(examples).toHaveLength(2);
    for (const [index, [, lines = ""]] of examples.entries()) {
      project.write(`example_${index}.ts`, lines.replace(/^ \* ?/gm, ""));
      // They dial a server on port 5432 that sends back what it is sent.
      await project.outputInLab([bun, `example_${index}.ts`]);
    }
  });

  test.skipIf(noLab)(because("is guarded with --preload @realpeer/tcp/register", noLab), async () => {
    expect(await project.outputInLab([bun, "unguarded.js"])).toBe("connect\nclose\n");
    const lines = await project.outputInLab([bun, "--preload", "@realpeer/tcp/register", "unguarded.js"]);
    expect(lines).toBe("error SelfConnectError ECONNREFUSED\nclose\n");
  });
});
