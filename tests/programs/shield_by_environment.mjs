/** Runs another client in the very first tick, and once more later. shield_by_environment.mjs PORT */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

const port = process.argv[2];
const dial = () =>
  JSON.parse(execFileSync("python3", ["tests/programs/dialers/dial.py", port, "200"], { encoding: "utf8" }));

const first = dial();
await new Promise((resolve) => setTimeout(resolve, 300));
const later = dial();
const holders = readFileSync("/proc/net/tcp", "utf8").match(/ \w{4}FF7F:\w+ \w{4}FF7F:\w+ 01 /g)?.length ?? 0;
// Nothing of ours keeps the process alive.
console.log(JSON.stringify({ first, later, holders }));
