import { describe, expect, test } from "vitest";
import { usage } from "../../src/cli/usage.ts";
import { VERSION } from "../../src/cli/version.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { runHere } from "./fake_system.ts";
import { runRealpeer } from "./realpeer.ts";

/** What CONTRACT promises, by command. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  wait: [
    "--any",
    "--free",
    "--timeout",
    "--attempt-timeout",
    "--max-delay",
    "--stable-for",
    "--while-pid",
    "--status",
    "--insecure",
    "--quiet",
    "--json",
  ],
  start: ["--reuse", "--stop-signal", "--stop-timeout", "--log", "--quiet", "--json"],
  demo: ["--attempts", "--hold", "--guarded", "--json"],
  check: ["--json"],
  scan: ["--listen", "--all-namespaces", "--watch", "--json", "--prometheus"],
};

describe("help", () => {
  for (const command of ["", ...Object.keys(OPTIONS)]) {
    test(`of ${command || "all"} fits 80 columns, and has examples and the exit statuses`, () => {
      const text = usage(command);
      expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(text.match(/^Examples?:$/gm)).toHaveLength(1);
      expect(text.match(/^Exit status:$/gm)).toHaveLength(1);
      for (const option of OPTIONS[command] ?? []) expect(text).toMatch(new RegExp(`^  (-\\w, )?${option}\\b`, "m"));
    });
  }

  test("comes however it is asked for, with status 0", async () => {
    for (const args of [["--help"], ["-h"], ["help"], ["help", "--help"], ["help", "-h"]]) {
      expect(await runHere(args)).toMatchObject({ code: 0, stdout: usage(""), stderr: "" });
    }
    for (
      const args of [
        ["wait", "80", "--help"],
        ["help", "wait"],
        ["help", "wait", "-h"],
        ["wait", "-hq"],
        ["wait", "-qh"],
        ["help", "--help", "wait"],
        [
          "wait",
          "-h",
          "--",
          "ls",
        ],
      ]
    ) {
      expect(await runHere(args)).toMatchObject({ code: 0, stdout: usage("wait"), stderr: "" });
    }
  });
});

test("--version is the one in deno.json", async () => {
  expect(VERSION).toBe(denoJson.version);
  const said = { code: 0, signal: null, stdout: `${denoJson.version}\n`, stderr: "" };
  expect(await runHere(["scan", "-V"])).toEqual(said);
  expect(await runRealpeer(["--version"])).toEqual(said);
});
