import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { released } from "../../scripts/release/changelog.ts";
import { type Finished, root, run } from "../fixtures/runtime.ts";
import { tool } from "./project.ts";
import { copyTree, git } from "./tree_copy.ts";

const NEXT = "99.0.0";
/** A release runs the type checks of the whole tree. */
const LIMIT_MS = 170_000;
let tree: string;

/** What a release needs of the tests; to check all of them takes long. */
const KEPT =
  /^(vitest\.config\.ts|fixtures\/(.*_registry|find_program|lab|registries|runtime|std_assert)\.ts|windows\/ports\.ts|fixtures\/without_jsr\.json)$|tree_copy/;

/** A copy with news to release. */
beforeAll(() => {
  tree = copyTree();
  rmSync(join(tree, "scripts/bench"), { recursive: true });
  rmSync(join(tree, "scripts/bench.ts"));
  for (const file of readdirSync(join(tree, "tests"), { recursive: true, encoding: "utf8" })) {
    if (/\.\w+$/.test(file) && !KEPT.test(file)) rmSync(join(tree, "tests", file));
  }
  for (const [name, value] of [["user.name", "test"], ["user.email", "test@example.org"]] as const) {
    git(tree, "config", name, value);
  }
  addNews();
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** The copy's own `npm run release`, without JSR. */
function release(...args: readonly string[]): Promise<Finished> {
  const command = [tool("deno"), "run", "-A", "--quiet", "scripts/release.ts", ...args];
  return run(command, { cwd: tree, env: { NO_COLOR: "1", JSR_URL: "http://127.0.0.1:1/" }, limit: LIMIT_MS });
}

/** A changelog that has something to release, whatever this tree's own has now. */
function addNews(): void {
  const file = join(tree, "CHANGELOG.md");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- Something new.\n"));
  git(tree, "commit", "--quiet", "--all", "--message", "News");
}

test("a dry run says what would change in each file and changes nothing", async () => {
  const { code, stdout, stderr } = await release(NEXT, "--dry-run");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const changes = stdout.split("\n");
  const files = ["deno.json", "package.json", "package-lock.json", "src/cli/version.ts", "CHANGELOG.md"];
  expect(changes.filter((line) => !line.startsWith(" "))).toEqual([...files, `would commit and tag v${NEXT}`, ""]);
  expect(changes.filter((line) => line === `  + "version": "${NEXT}",`).length).toBeGreaterThanOrEqual(3);
  expect(changes).toContain(`  + export const VERSION = "${NEXT}";`);
  expect(changes.some((line) => /^ {2}\+ ## \[99\.0\.0\] - \d{4}-\d\d-\d\d$/.test(line))).toBe(true);
  expect(git(tree, "status", "--porcelain")).toBe("");
  expect(git(tree, "tag")).toBe("");
});

const REFUSED: readonly { name: string; args: readonly string[]; says: string; spoil?: () => () => void }[] = [
  { name: "no version", args: [], says: "expected one version, as in npm run release -- 0.2.0" },
  { name: "a version with a v", args: ["v99.0.0"], says: '"v99.0.0" is no version, write it like 0.2.0' },
  { name: "an older version", args: ["0.0.9"], says: "0.0.9 does not come after" },
  {
    name: "a tree that is not committed",
    args: [NEXT],
    says: "not everything is committed (new_file.txt)",
    spoil: () => {
      writeFileSync(join(tree, "new_file.txt"), "");
      return () => rmSync(join(tree, "new_file.txt"));
    },
  },
  {
    name: "a tag that is there",
    args: [NEXT],
    says: "the tag v99.0.0 is there",
    spoil: () => {
      git(tree, "tag", `v${NEXT}`);
      return () => git(tree, "tag", "--delete", `v${NEXT}`);
    },
  },
];

test.each(REFUSED)("refuses $name", async ({ args, says, spoil }) => {
  const mend = spoil?.();
  const { code, stdout, stderr } = await release(...args);
  mend?.();
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(`Cannot release: ${says}`);
});

test("a release is one commit and a tag of a tree that builds as that version", { timeout: LIMIT_MS }, async () => {
  const before = git(tree, "rev-parse", "HEAD").trim();
  const { code, stderr } = await release(NEXT);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  expect(git(tree, "status", "--porcelain")).toBe("");
  expect(git(tree, "log", "--format=%s", `${before}..v${NEXT}`)).toBe(`${NEXT}\n`);
  expect(readFileSync(join(tree, "CHANGELOG.md"), "utf8")).toMatch(/## \[Unreleased\]\n\n## \[99\.0\.0\] - \d/);
  const version = await run([tool("deno"), "run", "src/cli/main.ts", "--version"], { cwd: tree });
  expect(version.stdout).toBe(`${NEXT}\n`);
});

const CHANGELOG = `# Changelog

## [Unreleased]

### Fixed

- A fault.

## [0.1.0] - 2026-01-01

- The first.

[Unreleased]: https://example.org/compare/v0.1.0...HEAD
[0.1.0]: https://example.org/releases/tag/v0.1.0
`;

test("the changelog gets the version's heading, date and link to compare", () => {
  expect(released(CHANGELOG, "0.2.0", "2026-02-03")).toBe(
    CHANGELOG.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n").replace(
      "[Unreleased]: https://example.org/compare/v0.1.0...HEAD",
      "[Unreleased]: https://example.org/compare/v0.2.0...HEAD\n[0.2.0]: https://example.org/compare/v0.1.0...v0.2.0",
    ),
  );
});

test.each([
  ["nothing new", CHANGELOG.replace("- A fault.\n", ""), "has nothing under Unreleased, say what 0.2.0 changes"],
  ["no heading for it", CHANGELOG.replace("## [Unreleased]", "## Next"), 'has no "## [Unreleased]"'],
  ["no link", CHANGELOG.replace("...HEAD", ""), "has no [Unreleased] link"],
])("a changelog with %s cannot be released", (_, changelog, says) => {
  expect(() => released(changelog, "0.2.0", "2026-02-03")).toThrow(says);
});

const WORKFLOWS = join(root, ".github/workflows");
const PUBLISH = readFileSync(join(WORKFLOWS, "publish.yml"), "utf8");

test("the workflows name each action by its commit, which cannot be moved as a tag can", () => {
  const used = readdirSync(WORKFLOWS).flatMap((file) =>
    [...readFileSync(join(WORKFLOWS, file), "utf8").matchAll(/uses: (\S+)/g)].map(([, action]) => action)
  );
  expect(used.filter((action) => !/@[0-9a-f]{40}$/.test(action!))).toEqual([]);
});

test("the jobs that hold the right to publish run no package's script, and publish what was tested", () => {
  const jobs = PUBLISH.split(/^ {2}(?=\w+:$)/m).filter((job) => job.includes("id-token: write"));
  expect(jobs.map((job) => job.split(":")[0])).toEqual(["npm", "jsr"]);
  for (const line of jobs.flatMap((job) => job.match(/npm (ci|install|publish)\b.*/g) ?? [])) {
    expect(line).toContain("--ignore-scripts");
  }
  expect(jobs[0]).toMatch(/sha256sum --check[^]*npm publish \.\/\*\.tgz/);
});
