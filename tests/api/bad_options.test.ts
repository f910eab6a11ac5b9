import process from "node:process";
import { describe, expect, test } from "vitest";
import { connect, waitForPort } from "../../mod.ts";
import { connect as nodeConnect } from "../../src/adapters/node.ts";
import { because } from "../fixtures/lab.ts";
import { commandFor, run, runForJson, runtime } from "../fixtures/runtime.ts";
import { echo, startServer } from "../fixtures/tcp_server.ts";

type Case = [description: string, options: Record<string, unknown>, error: ErrorConstructor, message: string];

const BAD: Case[] = [
  ["port 0", { port: 0 }, RangeError, "port must be an integer from 1 to 65535, got 0"],
  ["port 65536", { port: 65536 }, RangeError, "port must be an integer from 1 to 65535, got 65536"],
  ["port 1.5", { port: 1.5 }, RangeError, "port must be an integer from 1 to 65535, got 1.5"],
  ["port -1", { port: -1 }, RangeError, "port must be"],
  ["port NaN", { port: NaN }, RangeError, "port must be"],
  ["port Infinity", { port: Infinity }, RangeError, "port must be"],
  ["a port that is text", { port: "80" }, TypeError, 'port must be an integer from 1 to 65535, got "80"'],
  ["no port", {}, TypeError, "port must be an integer from 1 to 65535, got undefined"],
  ["port null", { port: null }, TypeError, "port must be"],
  ["an empty hostname", { port: 1, hostname: "" }, TypeError, "hostname must be"],
  ["a hostname that is no text", { port: 1, hostname: 7 }, TypeError, "hostname must be"],
  ["a hostname in brackets", { port: 1, hostname: "[::1]" }, TypeError, "hostname must be written without brackets"],
  [
    "a hostname with a blank",
    { port: 1, hostname: "a b" },
    TypeError,
    "hostname must be a name or an address",
  ],
  ["a hostname with a comma", { port: 1, hostname: "a,b" }, TypeError, "hostname must be a name or an address"],
  ["a hostname with an empty label", { port: 1, hostname: "a..b" }, TypeError, "hostname must be a name or an address"],
  ["a hostname of a dot", { port: 1, hostname: "." }, TypeError, "hostname must be a name or an address"],
  [
    "a hostname of 254 characters",
    { port: 1, hostname: `${"a.".repeat(126)}aa` },
    TypeError,
    "hostname must be a name",
  ],
  ["a hostname with a label of 64 characters", { port: 1, hostname: "a".repeat(64) }, TypeError, "hostname must be a"],
  ["a hostname that is a URL", { port: 1, hostname: "http://a" }, TypeError, "address, without scheme and port, got"],
  ["a hostname with a port", { port: 1, hostname: "a:80" }, TypeError, "hostname must be a name or an address"],
  ["localPort 0", { port: 1, localPort: 0 }, RangeError, "localPort must be"],
  ["localPort 65536", { port: 1, localPort: 65536 }, RangeError, "localPort must be"],
  [
    "a localAddress that is a name",
    { port: 1, localAddress: "localhost" },
    TypeError,
    "localAddress must be an IP address",
  ],
  [
    "a localAddress of the other IP version",
    { port: 1, hostname: "127.0.0.1", localAddress: "::1" },
    TypeError,
    "localAddress must be an IPv4 address, as 127.0.0.1 is one",
  ],
  ["a negative timeout", { port: 1, timeout: -1 }, RangeError, "timeout must be 0 or more milliseconds, got -1"],
  ["timeout NaN", { port: 1, timeout: NaN }, RangeError, "timeout must be"],
  ["a timeout that is text", { port: 1, timeout: "1s" }, TypeError, 'timeout must be 0 or more milliseconds, got "1s"'],
  ["a negative attemptTimeout", { port: 1, attemptTimeout: -5 }, RangeError, "attemptTimeout must be"],
  ["a negative stableFor", { port: 1, stableFor: -5 }, RangeError, "stableFor must be"],
  ["stableFor without end", { port: 1, stableFor: Infinity }, RangeError, "stableFor must be"],
  ["retry that is a number", { port: 1, retry: 3 }, TypeError, "retry must be a boolean or an object, got 3"],
  ["retry null", { port: 1, retry: null }, TypeError, "retry must be a boolean or an object, got null"],
  ["retry that is a list", { port: 1, retry: [] }, TypeError, "retry must be a boolean or an object, got [object"],
  ["maxAttempts 0", { port: 1, retry: { maxAttempts: 0 } }, RangeError, "retry.maxAttempts must be"],
  ["maxAttempts 1.5", { port: 1, retry: { maxAttempts: 1.5 } }, RangeError, "retry.maxAttempts must be"],
  ["a negative initialDelay", { port: 1, retry: { initialDelay: -1 } }, RangeError, "retry.initialDelay must be"],
  ["a negative maxDelay", { port: 1, retry: { maxDelay: -1 } }, RangeError, "retry.maxDelay must be"],
  ["a multiplier below 1", { port: 1, retry: { multiplier: 0.99 } }, RangeError, "retry.multiplier must be"],
  ["multiplier NaN", { port: 1, retry: { multiplier: NaN } }, RangeError, "retry.multiplier must be"],
  ["jitter above 1", { port: 1, retry: { jitter: 1.1 } }, RangeError, "retry.jitter must be"],
  [
    "isRetriable that is no function",
    { port: 1, retry: { isRetriable: true } },
    TypeError,
    "retry.isRetriable must be",
  ],
  [
    "an unknown option of retry",
    { port: 1, retry: { attempts: 3 } },
    TypeError,
    'unknown retry option "attempts", known are',
  ],
  ["a signal that is none", { port: 1, signal: {} }, TypeError, "signal must be an AbortSignal"],
  ["onRetry that is no function", { port: 1, onRetry: 1 }, TypeError, "onRetry must be a function"],
];
const UNKNOWN: Case[] = [
  ["an unknown option", { port: 1, retries: 3 }, TypeError, 'unknown option "retries", known are'],
  ["host", { port: 1, host: "a" }, TypeError, 'unknown option "host", did you mean hostname?'],
];

describe("a connect while Object.prototype has properties named as options", () => {
  const native = runtime === "node" ? [] : [runtime];
  for (const api of ["portable", "node", ...native]) {
    test(`takes none of them: ${api}`, async () => {
      await using server = await startServer(echo);
      const command = commandFor("tests/programs/polluted.ts", [String(server.port), api]);
      const outcomes = await runForJson<Record<string, string>>(command);
      expect(Object.keys(outcomes).length).toBeGreaterThan(10);
      expect(Object.entries(outcomes).filter(([, outcome]) => outcome !== "connected")).toEqual([]);
    });
  }
});

const noPermissions = runtime === "deno" ? undefined : "this is not Deno";
test.skipIf(noPermissions)(
  because("a missing permission to bind is an error that the caller can catch", noPermissions),
  async () => {
    await using server = await startServer(echo);
    const url = (file: string): string => JSON.stringify(new URL(`../../${file}`, import.meta.url).href);
    const program = `import { connect } from ${url("mod.ts")};
      import { connect as node } from ${url("src/adapters/node.ts")};
      const target = { hostname: "127.0.0.1", port: ${server.port} };
      for (const bound of [{ localAddress: "127.0.0.1" }, { localPort: 40001 }]) {
        for (const dial of [connect, node]) {
          await dial({ ...target, ...bound }).catch((error) => console.log(error.name));
        }
      }`;
    const flags = ["run", "--quiet", "--no-prompt", `--allow-net=127.0.0.1:${server.port}`];
    const source = `data:application/typescript,${encodeURIComponent(program)}`;
    const { stdout, stderr } = await run([process.execPath, ...flags, source]);
    expect({ stdout, stderr }).toEqual({ stdout: "NotCapable\n".repeat(4), stderr: "" });
  },
);

type AnyConnect = (options: never) => Promise<unknown>;

const connects: [name: string, connect: AnyConnect, extra: object, cases: Case[]][] = [
  ["connect()", connect, {}, [...BAD, ...UNKNOWN]],
  ["waitForPort()", waitForPort, {}, [...BAD, ...UNKNOWN]],
  ["node connect()", nodeConnect, {}, BAD],
];
if (runtime === "deno") {
  const { connect } = await import("../../src/adapters/deno.ts");
  // Binding is refused there before its value is looked at.
  connects.push([
    "deno connect()",
    connect,
    {},
    BAD.filter(([, options]) => !Object.keys(options).join().includes("local")),
  ]);
}
if (runtime === "bun") {
  const { connect } = await import("../../src/adapters/bun.ts");
  connects.push(["bun connect()", connect, { socket: { data() {} } }, BAD]);
}

for (const [name, connect, extra, cases] of connects) {
  describe(name, () => {
    for (const [description, options, error, message] of cases) {
      test(`rejects ${description} with one clear ${error.name}`, async () => {
        const rejection = await connect({ ...options, ...extra } as never).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(rejection).toBeInstanceOf(error);
        expect((rejection as Error).message).toMatch(/^Cannot connect: [^]*[^.]$/);
        expect((rejection as Error).message).toContain(message);
      });
    }
    for (const options of [undefined, null, true]) {
      test(`rejects ${JSON.stringify(options)} in place of options`, async () => {
        await expect(connect(options as never)).rejects.toThrow(TypeError);
        await expect(connect(options as never)).rejects.toThrow("Cannot connect: options must be an object");
      });
    }
  });
}
