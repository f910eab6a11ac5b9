/** The story on this machine's kernel, told by each of the three runtimes in turn, then a table. Exit 0 if all of it held. */
import { spawn } from "node:child_process";
import process from "node:process";
import type { Story } from "./demo/story.ts";
import { environment, root } from "./run.ts";

const STORY = "scripts/demo/story.ts";
const runtimes: Readonly<Record<string, readonly string[]>> = {
  Node: ["node", "--import", "tsx", STORY],
  Deno: ["deno", "run", "--quiet", "-A", STORY],
  Bun: ["bun", STORY],
};

/** Runs the story, its progress in view; null when it ended without a result. */
function tell(command: readonly string[]): Promise<Story | null> {
  const [file, ...args] = command as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, env: environment, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0 ? JSON.parse(output) : null));
  });
}

const rows: string[][] = [["", "plain call", "server meanwhile", "guarded", "rejected", "let through", "real server"]];
const failures: string[] = [];
for (const [name, command] of Object.entries(runtimes)) {
  console.error(name);
  const story = await tell(command);
  if (story === null) {
    failures.push(`${name}: ended without a result`);
    continue;
  }
  failures.push(...story.failures.map((failure) => `${name}: ${failure}`));
  rows.push([
    name,
    `itself after ${story.plainAttempts}`,
    story.serverError,
    `${story.guardedAttempts} attempts`,
    String(story.rejected),
    String(story.letThrough),
    `"${story.echoed}" back`,
  ]);
}
const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
console.log(
  `\n${rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()).join("\n")}\n`,
);
for (const failure of failures) console.error(failure);
console.log(failures.length === 0 ? "all of it held on all three runtimes" : `${failures.length} of it did not hold`);
process.exit(failures.length === 0 ? 0 : 1);
