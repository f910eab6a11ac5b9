import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../fixtures/runtime.ts";

const REPOSITORY =
  /^https:\/\/(?:github\.com\/realpeer\/tcp\/(?:blob|tree)|raw\.githubusercontent\.com\/realpeer\/tcp)\/main\//;

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

describe.each(["README.md", "src/README.md", ".github/CONTRIBUTING.md", "scripts/bench/README.md"])("%s", (file) => {
  const text = readFileSync(join(root, file), "utf8");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => `#${anchorOf(heading)}`);

  test("links to headings that it has", () => {
    expect(links.filter((link) => link.startsWith("#") && !anchors.includes(link))).toEqual([]);
  });

  test("links to files that are there", () => {
    const files = links.filter((link) => REPOSITORY.test(link) || !/^(#|https?:)/.test(link));
    const gone = files.filter((link) => {
      const path = REPOSITORY.test(link) ? join(root, link.replace(REPOSITORY, "")) : join(root, file, "..", link);
      return !existsSync(path);
    });
    expect(gone).toEqual([]);
  });
});
