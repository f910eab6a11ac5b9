import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { environment } from "../run.ts";

/**
 * Lets the tests, which start it some hundred times, find the Python that `python3` is: a version manager has a shell script
 * under that name, which takes several times as long as Python's own start.
 */
export function findPythonItself(scratch: string): void {
  const args = ["-c", "import sys; print(sys.executable)"];
  const { status, stdout } = spawnSync("python3", args, { encoding: "utf8", env: environment });
  const python = stdout?.trim();
  if (status !== 0 || !python || process.platform === "win32") return;
  const folder = join(scratch, "python");
  mkdirSync(folder);
  symlinkSync(python, join(folder, "python3"));
  environment["PATH"] = [folder, environment["PATH"]].join(delimiter);
}
