import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { root } from "../run.ts";

/** Runs `use` while listener.py accepts on a port. */
export async function withListener<Result>(use: (port: number) => Promise<Result>): Promise<Result> {
  const listener = spawn("python3", [
    join(root, "scripts/bench/listener.py"),
  ], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      listener.on("error", reject);
      createInterface({ input: listener.stdout }).once("line", (line) => resolve(Number(line)));
    });
    return await use(port);
  } finally {
    listener.kill();
  }
}
