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

/** A CommonJS program whose sockets the ES module guards. */
const COPIES = `const { ConnectTimeoutError, SelfConnectError } = require("@realpeer/tcp");
class Mine extends SelfConnectError {}
require("node:net").connect(40000, "127.0.0.1").on("error", async (error) => {
  const plain = Object.assign(new Error(error.message), { name: error.name });
  const mine = new Mine({ local: error.local, remote: error.remote }, 1);
  const classes = [SelfConnectError, ConnectTimeoutError, Mine];
  console.log(...classes.map((its) => error instanceof its), plain instanceof SelfConnectError, mine instanceof Mine);
  const { waitForPort } = await import("@realpeer/tcp");
  const late = await waitForPort({ hostname: "127.0.0.1", port: 40000, timeout: 50 }).catch((error) => error);
  console.log(late instanceof ConnectTimeoutError, late instanceof SelfConnectError);
});
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

  test.skipIf(noLab)(because("knows the errors of the other copy, and of this one only its own", noLab), async () => {
    project.write("copies.cjs", COPIES);
    const command = ["node", "--import", "@realpeer/tcp/register", "copies.cjs"];
    expect(await project.outputInLab(command)).toBe("true false false false true\ntrue false\n");
  });

  for (const flag of ["--import", "--require"]) {
    test.skipIf(noLab)(because(`is guarded with ${flag} @realpeer/tcp/register`, noLab), async () => {
      const lines = await project.outputInLab(["node", flag, "@realpeer/tcp/register", "unguarded.js"]);
      expect(lines).toBe("error SelfConnectError ECONNREFUSED\nclose\n");
    });
  }
});
