import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../fixtures/runtime.ts";

/** Runs git and returns what it prints. */
export function git(cwd: string, ...args: string[]): string {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"];
  const { status, stdout, stderr } = spawnSync("git", [...identity, ...args], { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args.join(" ")} exited with ${status}\n${stderr}`);
  return stdout;
}

/** A copy of the tree as it is now, everything in it committed. The caller removes it. */
export function copyTree(): string {
  const tree = mkdtempSync(join(tmpdir(), "realpeer-tree-"));
  for (const file of git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")) {
    if (file === "" || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(root, file), join(tree, file));
  }
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  // The pattern of a folder does not ignore a link.
  appendFileSync(join(tree, ".gitignore"), "node_modules\n");
  git(tree, "init", "--quiet");
  git(tree, "add", "--all");
  git(tree, "commit", "--quiet", "--message", "A copy");
  return tree;
}
