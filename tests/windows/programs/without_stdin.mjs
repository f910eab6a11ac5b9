// Runs a command whose standard input is no console, and ends with its status.
import { spawn } from "node:child_process";
import process from "node:process";

const [file, ...args] = process.argv.slice(2);
process.on("SIGINT", () => {});
spawn(file, args, { stdio: ["ignore", "inherit", "inherit"] }).on("exit", (code) => {
  console.log(`status ${code}`);
  process.exit(code);
});
