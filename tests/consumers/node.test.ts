import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, noLab } from "../fixtures/lab.ts";
import { newProject, npmInstall, pinned, PORTABLE_LINES, type Project, strictTsconfig, tool } from "./project.ts";

const NODE_LINES = `SelfConnectError ECONNREFUSED 3
createConnection SelfConnectError
guardSocket SelfConnectError
echo hello
selfConnectedPair true
deadPort ECONNREFUSED
`;

const FORMATS = [
  { format: "ES modules", type: "module", options: { module: "nodenext" } },
  { format: "CommonJS", type: "commonjs", options: { module: "nodenext" } },
  {
    format: "CommonJS with the bundler's module resolution",
    type: "commonjs",
    options: { module: "commonjs", moduleResolution: "bundler" },
  },
] as const;

for (const { format, type, options } of FORMATS) {
  describe(`a strict TypeScript project for Node in ${format}, with @types/node only`, () => {
    let project: Project;
    beforeAll(async () => {
      project = await newProject(type, npmInstall(pinned("@types/node")));
      project.use("portable.ts", "node_socket.ts");
      project.write("tsconfig.json", strictTsconfig(["portable.ts", "node_socket.ts"], ["node"], options));
    });
    afterAll(() => project?.remove());

    test("compiles, declarations of the package included", async () => {
      expect(await project.output([tool("tsc")])).toBe("");
    });

    test.skipIf(noLab)(because("dials with the portable API", noLab), async () => {
      expect(await project.outputInLab(["node", "portable.js"])).toBe(PORTABLE_LINES);
    });

    test.skipIf(noLab)(because("dials with /node and uses /testing", noLab), async () => {
      expect(await project.outputInLab(["node", "node_socket.js"])).toBe(NODE_LINES);
    });
  });
}

describe("a JavaScript project for Node", () => {
  let project: Project;
  beforeAll(async () => {
    project = await newProject("module", npmInstall());
    project.use("unguarded.js");
    project.write("required.cjs", 'console.log(Object.keys(require("@realpeer/tcp")).sort().join("\\n"));');
    project.write("imported.mjs", 'console.log(Object.keys(await import("@realpeer/tcp")).sort().join("\\n"));');
  });
  afterAll(() => project?.remove());

  test("gets the same names from require() as from import", async () => {
    const required = await project.output(["node", "required.cjs"]);
    expect(required.split("\n")).toContain("waitForPort");
    expect(required).toBe(await project.output(["node", "imported.mjs"]));
  });

  test.skipIf(noLab)(because("believes a self-connection without --import", noLab), async () => {
    expect(await project.outputInLab(["node", "unguarded.js"])).toBe("connect\nclose\n");
  });

  for (const flag of ["--import", "--require"]) {
    test.skipIf(noLab)(because(`is guarded with ${flag} @realpeer/tcp/register`, noLab), async () => {
      const lines = await project.outputInLab(["node", flag, "@realpeer/tcp/register", "unguarded.js"]);
      expect(lines).toBe("error SelfConnectError ECONNREFUSED\nclose\n");
    });
  }
});
