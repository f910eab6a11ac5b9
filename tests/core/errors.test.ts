import { build } from "esbuild";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { root } from "../fixtures/runtime.ts";

type Errors = Pick<typeof import("../../src/core/errors.ts"), "SelfConnectError" | "ConnectTimeoutError">;

test("an error shows the name of its class also where the code was minified", async () => {
  const { outputFiles: [module] } = await build({
    entryPoints: [join(root, "src/core/errors.ts")],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
  });
  const url = `data:text/javascript,${encodeURIComponent(module!.text)}`;
  const { SelfConnectError, ConnectTimeoutError }: Errors = await import(/* @vite-ignore */ url);
  const end = { hostname: "127.0.0.1", port: 40000 };
  for (
    const [name, error] of Object.entries({
      SelfConnectError: new SelfConnectError({ local: end, remote: end }, 1),
      ConnectTimeoutError: new ConnectTimeoutError(end, 1, 5),
    })
  ) {
    expect([error.name, error.constructor.name]).toEqual([name, name]);
    expect(inspect(error)).toMatch(new RegExp(`^${name}: Cannot connect`));
  }
});
