import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { testOnce } from "../fixtures/once.ts";
import { processesWith } from "../fixtures/processes.ts";
import { root, run } from "../fixtures/runtime.ts";
import { unusedPort } from "../fixtures/tcp_server.ts";
import { hasListener } from "../programs/host_sockets.ts";
import { realpeer, runRealpeer } from "./realpeer.ts";
import { expectNothingLeft, folder, noProcesses, serverLine } from "./start_server_lines.ts";

describe.skipIf(noProcesses)(because("realpeer start", noProcesses), () => {
  test("starts the server, waits, runs COMMAND, stops the server, and passes COMMAND's status on", async () => {
    const { port, line } = await serverLine("100");
    const url = `http://127.0.0.1:${port}/`;
    const fetched = `fetch("${url}").then((r) => r.text()).then((t) => { console.log(t); process.exit(7); })`;
    const { code, stdout, stderr } = await runRealpeer(["start", line, url, "--", "node", "-e", fetched]);
    expect([code, stdout]).toEqual([7, "listening\nok\nasked to stop\n"]);
    expect(stderr).toMatch(
      /^realpeer: http:\/\/127\.0\.0\.1:\d+\/ is ready after .* \(127\.0\.0\.1, status 200\), process \d+ listens\n$/,
    );
    expectNothingLeft(port);
  });

  testOnce("a command line is the shell's: quotes, variables, several commands", async () => {
    const { port, line } = await serverLine();
    const words = `X='a  b'; echo "$X" \`echo c\` 'd"e' && ${line}`;
    const { code, stdout } = await runRealpeer(["start", words, String(port), "-q", "--", "true"]);
    expect([code, stdout.split("\n")[0]]).toEqual([0, 'a  b c d"e']);
    expectNothingLeft(port);
  });

  test("a server finds programs where PATH is not set", async () => {
    const server = "ls / > /dev/null && exit 9";
    const { stderr } = await run(["env", "-u", "PATH", ...realpeer("start", server, String(await unusedPort()))]);
    expect(stderr).toBe("realpeer: The server ended with status 9 before it was ready\n");
  });

  for (const [status, line] of [[3, "exit 3"], [0, "true"], [127, "no-such-program-anywhere 2>/dev/null"]] as const) {
    test(`a server that ends with ${status} before it is ready is 1 at once, and COMMAND is not run`, async () => {
      const port = await unusedPort();
      const { code, stdout, stderr } = await runRealpeer(["start", line, String(port), "--", "echo", "ran"]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toBe(`realpeer: The server ended with status ${status} before it was ready\n`);
    });
  }

  test("with --json standard output is one document: the server's goes to standard error", async () => {
    const { port, line } = await serverLine();
    const { stdout, stderr } = await runRealpeer(["start", line, String(port), "--json", "--", "true"]);
    expect(JSON.parse(stdout).ready).toBe(true);
    expect(stderr).toContain("listening\n");
  });

  test("--log refuses a FIFO that no program reads, and adds to what others write", async () => {
    const { port, line } = await serverLine();
    const fifo = join(folder, "fifo");
    await run(["mkfifo", fifo]);
    const { code, stderr } = await runRealpeer(["start", line, String(port), "--log", fifo]);
    expect([code, stderr]).toEqual([3, `realpeer: Cannot write the log ${fifo}: no program reads the FIFO\n`]);
    const log = join(folder, "shared.log");
    const both = realpeer("start", line, String(port), "--log", log, "-q", "--", "sh", "-c", "echo from the command");
    await run(["sh", "-c", 'log=$1; shift; exec "$@" >> "$log"', "sh", log, ...both]);
    expect(readFileSync(log, "utf8").split("\n").sort()).toEqual([
      "",
      "asked to stop",
      "from the command",
      "listening",
    ]);
    expectNothingLeft(port);
  });

  test("--log takes the server's output", async () => {
    const { port, line } = await serverLine();
    const log = join(folder, "server.log");
    const { stdout } = await runRealpeer(["start", `${line}`, String(port), "--log", log, "-q", "--", "echo", "ran"]);
    expect(stdout).toBe("ran\n");
    expect(readFileSync(log, "utf8")).toBe("listening\nasked to stop\n");
    const { code, stderr } = await runRealpeer(["start", line, String(port), "--log", "/no/such/folder/x"]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("/no/such/folder/x")]);
    expectNothingLeft(port);
  });

  test("a server that writes 100 MB is not held up", async () => {
    const { port, line } = await serverLine();
    const loud = `head -c 100000000 /dev/zero; ${line}`;
    const words = realpeer("start", loud, String(port), "-q", "--", "true");
    const { stdout } = await run(["bash", "-c", '"$@" | wc -c; echo ${PIPESTATUS[0]}', "bash", ...words]);
    const [bytes, status] = stdout.trim().split("\n");
    expect(Number(bytes)).toBeGreaterThanOrEqual(100_000_000);
    expect(status).toBe("0");
    expectNothingLeft(port);
  });

  testOnce("npm run dev with vite", async () => {
    const port = await unusedPort();
    const project = mkdtempSync(join(folder, "vite-"));
    const vite = `vite --port ${port} --strictPort --host 127.0.0.1`;
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, scripts: { dev: vite } }));
    writeFileSync(join(project, "index.html"), "<html>page</html>");
    const url = `http://127.0.0.1:${port}/`;
    const words = [
      "start",
      `cd ${project} && npm run dev`,
      url,
      "--json",
      "--timeout",
      "50s",
      "--",
      "sh",
      "-c",
      "exit 0",
    ];
    const env = { PATH: `${root}node_modules/.bin:${process.env["PATH"]}` };
    const { code, stdout } = await runRealpeer(words, { env });
    expect([code, JSON.parse(stdout).targets]).toMatchObject([0, [{ status: 200, ownTree: true }]]);
    expect(processesWith(String(port))).toEqual([]);
    expect(hasListener(port)).toBe(false);
  });

  test("standard input stays open: esbuild --servedir does not end", async () => {
    const port = await unusedPort();
    const server = `${root}node_modules/.bin/esbuild --servedir=${folder} --serve=127.0.0.1:${port}`;
    const words = ["start", server, `http://127.0.0.1:${port}/`, "-q", "--", "sh", "-c", `sleep 1; exit 8`];
    expect((await runRealpeer(words)).code).toBe(8);
    expect(processesWith(`127.0.0.1:${port}`)).toEqual([]);
  });
});
