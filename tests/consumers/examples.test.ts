import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, inEmptyNamespace, noLab } from "../fixtures/lab.ts";
import { codeBelow, README } from "../fixtures/readme.ts";
import { run } from "../fixtures/runtime.ts";
import { newProject, npmInstall, type Project } from "./project.ts";

const EXAMPLES = README.slice(README.indexOf("\n### Coming from "));

/** The block of code that follows a title in bold. */
function exampleOf(title: string, language: string): string {
  return codeBelow(`**${title}**`, language, EXAMPLES);
}

/** In a network namespace in which `db` and `postgres` are this host. */
function onStage(script: string): string[] {
  const hosts = join(mkdtempSync(join(tmpdir(), "realpeer-hosts-")), "hosts");
  writeFileSync(hosts, "127.0.0.1 localhost db postgres\n");
  return inEmptyNamespace(["bash", "-e", "-c", `mount --bind ${hosts} /etc/hosts\n${script}`]);
}

const DATABASE = `trap 'kill $(jobs -p)' EXIT; node -e 'require("net").createServer((s) => s.end()).listen(5432)' &`;

describe.skipIf(noLab)(because("the README's examples, pasted as they stand,", noLab), () => {
  let project: Project;
  beforeAll(async () => {
    project = await newProject("module", npmInstall());
    const installed = JSON.parse(readFileSync(join(project.folder, "package.json"), "utf8"));
    const manifest = JSON.parse(exampleOf("package.json", "json"));
    project.write("package.json", { ...manifest, dependencies: installed.dependencies });
    project.write(
      "server.js",
      `import { createServer } from "node:http";
       createServer((_request, response) => response.end("page")).listen(3000);
       console.log("server");`,
    );
    project.write(
      "e2e.js",
      `const page = await fetch("http://localhost:3000").then((r) => r.text(), () => "no page");
       console.log("tested", page);`,
    );
  });
  afterAll(() => project?.remove());

  const runHere = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await run(onStage(script), { cwd: project.folder });
    expect([code, stderr]).toEqual([0, expect.anything()]);
    return stdout;
  };

  test("package.json: npm test starts the server and tests it", async () => {
    expect(await runHere("npm test")).toContain("tested page\n");
  });

  test("GitHub Actions: every step but the installation", async () => {
    const steps = [...exampleOf("GitHub Actions", "yaml").matchAll(/^ +- run: (.*)$/gm)].map(([, line]) => line);
    expect(steps).toContain("npm ci");
    const stdout = await runHere(steps.filter((line) => line !== "npm ci").join("\n"));
    expect(stdout).toContain("tested page\n");
    expect(readFileSync(join(project.folder, "server.log"), "utf8")).toContain("server\n");
  });

  test("GitLab CI: the script, beside a service", async () => {
    const [, script = ""] = /script:\n((?: +- .*\n?)+)/.exec(exampleOf("GitLab CI", "yaml")) ?? [];
    const lines = script.split("\n").map((line) => line.replace(/^ +- /, "")).filter(Boolean);
    expect(lines).toHaveLength(1);
    expect(await runHere(`${DATABASE}\n${lines.join("\n")}`)).toContain("tested no page\n");
  });

  test("docker compose: the command of the service", async () => {
    const [, words = ""] = /command:\s+(\[[^\]]*\])/.exec(exampleOf("docker compose", "yaml")) ?? [];
    const command = (JSON.parse(words.replace(/,\s*\]/, "]")) as string[]).map((word) => `'${word}'`).join(" ");
    // Docker ends all processes of a container: here they are a group.
    const script = `${DATABASE}\nsetsid ${command} & server=$!
      npx realpeer wait http://localhost:3000 -q -- node e2e.js
      kill -- -$server`;
    expect(await runHere(script)).toContain("tested page\n");
  });
});
