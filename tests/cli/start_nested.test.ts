import { describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { processesWith } from "../fixtures/processes.ts";
import { noProc } from "../fixtures/system.ts";
import { unusedPort } from "../fixtures/tcp_server.ts";
import { quoted, realpeer, runRealpeer } from "./realpeer.ts";

describe.skipIf(noProc)(because("a realpeer start as the server of another", noProc), () => {
  test("is known with its daemons as the own tree, several levels deep, and nothing of it is left", async () => {
    const port = await unusedPort();
    const target = `127.0.0.1:${port}`;
    const daemon = (words: readonly string[]): string => `(setsid ${quoted(words)} &)`;
    const listen = `require("net").createServer((s) => s.end()).listen(${port}, "127.0.0.1")`;
    const inner = daemon(realpeer("start", daemon(["node", "-e", listen]), target, "-q"));
    const middle = daemon(realpeer("start", inner, target, "-q"));
    const { code, stdout, stderr } = await runRealpeer(["start", middle, target, "--json", "--", "true"]);
    expect([code, stderr, JSON.parse(stdout).targets]).toMatchObject([0, "", [{ ready: true, ownTree: true }]]);
    expect(processesWith(`listen(${port}, `)).toEqual([]);
  });
});
