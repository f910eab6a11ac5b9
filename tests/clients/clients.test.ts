import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { commandFor, runForJson, runtime } from "../fixtures/runtime.ts";
import { type Protocol, servers } from "../fixtures/servers.ts";
import type { Belief } from "../programs/client_bare.ts";
import type { Protection } from "../programs/client_guarded.ts";
import { clients } from "./all_clients.ts";
import type { Guard } from "./client.ts";

const PARSE_ERROR = { name: "Error", code: "HPE_INVALID_CONSTANT", message: expect.any(String) };
const FETCH_FAILED = { error: { name: "TypeError", message: "fetch failed" }, states: ["06"] };
/** The undici in Node is older than the package: up to 6 its parser's errors have a code. */
const BUILT_IN_FETCH_FAILED = runtime === "node" && Number.parseInt(process.versions["undici"] ?? "") < 7
  ? { ...FETCH_FAILED, error: { ...FETCH_FAILED.error, code: PARSE_ERROR.code } }
  : FETCH_FAILED;
const BUN_FETCH_FAILED = {
  error: { name: "TypeError", code: "Malformed_HTTP_Response", message: expect.any(String) },
  states: [],
};
const HANDSHAKE_FAILED = {
  error: { name: "TypeError", code: expect.stringMatching(/^(EPROTO|ERR_SSL_)/), message: expect.any(String) },
  states: expect.any(Array),
};
const WAITING = { states: ["01"] };

/** What each client makes of a connection to itself, and how it keeps its server off the port: 01 open, 06 TIME-WAIT. */
const beliefs: Readonly<Record<string, unknown>> = {
  "ioredis": { answer: ["ping"], states: ["01"] },
  "node-redis": { answer: ["SET", "k", "v"], states: ["01"] },
  "pg": WAITING,
  "postgres.js": WAITING,
  "mysql2": WAITING,
  "mqtt": WAITING,
  "http.Agent": { error: PARSE_ERROR, states: ["06"] },
  "undici": runtime === "bun" ? BUN_FETCH_FAILED : FETCH_FAILED,
  "undici over TLS": HANDSHAKE_FAILED,
  "fetch": runtime === "bun" ? BUN_FETCH_FAILED : BUILT_IN_FETCH_FAILED,
};

/** Native code, which opens no socket of node:net. */
const outOfReach: Readonly<Record<typeof runtime, readonly string[]>> = {
  node: [],
  deno: [],
  // Bun replaces the package by its own.
  bun: ["undici", "undici over TLS"],
};

/** Native code whose port is shielded while it dials: there is no self-connection to tell of. */
const isShielded = (name: string): boolean => runtime !== "node" && name === "fetch";

function believe(name: string, guard: Guard): Promise<Belief> {
  return runForJson(inLab(commandFor("tests/programs/client_bare.ts", [name, guard, String(LAB_PORT)])));
}

// Each has a namespace of its own, and most of them wait for an answer that cannot come.
describe.concurrent("unguarded, in a namespace whose kernel connects every socket to itself", () => {
  for (const [name, belief] of Object.entries(beliefs)) {
    test.skipIf(noLab)(because(`${name} is deceived`, noLab), async () => {
      expect(await believe(name, "none")).toEqual(belief);
    });
  }
});

describe("guarded", () => {
  const folders = new Map<Protocol, string>();
  const folderOf = (protocol: Protocol): string => {
    const folder = folders.get(protocol) ?? mkdtempSync(join(tmpdir(), "realpeer-server-"));
    if (!folders.has(protocol)) servers[protocol].prepare(folder);
    folders.set(protocol, folder);
    return folder;
  };
  afterAll(() => {
    for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, { server, answer, hasHook }] of Object.entries(clients)) {
    if (outOfReach[runtime].includes(name)) {
      test.skipIf(noLab)(because(`${name} is out of register's reach here, and goes on as before`, noLab), async () => {
        expect(await believe(name, "register")).toEqual(beliefs[name]);
      });
      continue;
    }
    for (const guard of hasHook ? ["hook", "register"] as const : ["register"] as const) {
      const reason = noLab ?? servers[server].missing;
      const title = `${name}, by ${
        guard === "hook" ? "its hook" : guard
      }, is refused, and gets the real server's answer`;
      test.skipIf(reason)(because(title, reason), async () => {
        const args = [name, guard, String(LAB_PORT), folderOf(server)];
        const protection = await runForJson<Protection>(inLab(commandFor("tests/programs/client_guarded.ts", args)));
        const codes = isShielded(name) && runtime === "deno" ? ["fetch failed"] : ["ECONNREFUSED"];
        expect(protection).toEqual({ codes, isPublished: !isShielded(name), bind: "bound", answer });
      });
    }
  }
});
