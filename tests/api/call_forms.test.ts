import { describe, expect, test } from "vitest";
import { optionsOf } from "../../src/api/call_forms.ts";
import type { ConnectOptions } from "../../src/core/options.ts";

describe("optionsOf()", () => {
  test("takes an endpoint as text, or a port, before the other options", () => {
    expect(optionsOf("db:5432", { timeout: 1 })).toEqual({ hostname: "db", port: 5432, timeout: 1 });
    expect(optionsOf("[::1]:80")).toEqual({ hostname: "::1", port: 80 });
    expect(optionsOf(5432, { retry: true })).toEqual({ port: 5432, retry: true });
  });
  test("refuses an endpoint that is given twice, and text that is none", () => {
    expect(() => optionsOf("db:5432", { port: 1 } as object)).toThrow("port is given twice");
    expect(() => optionsOf(5432, { hostname: "db" } as object)).toThrow("hostname is given twice");
    expect(() => optionsOf("http://db:80")).toThrow(TypeError);
  });
  test("refuses a second options object, which would have no effect", () => {
    expect(() => optionsOf({ port: 1 }, { timeout: 1 })).toThrow("the options are given twice");
    // The second argument of a callback of Array.map is no object.
    expect([{ port: 1 }].map(optionsOf as (options: ConnectOptions) => ConnectOptions)).toEqual([{ port: 1 }]);
  });
});
