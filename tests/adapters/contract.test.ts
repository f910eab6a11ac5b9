import { describe } from "vitest";
import { nodeAdapter } from "../../src/adapters/node/portable.ts";
import { runtime } from "../fixtures/runtime.ts";
import { adapterContract } from "./contract.ts";

describe("the adapter of node:net", () => adapterContract(nodeAdapter, { canBind: true }));

if (runtime === "deno") {
  const { denoAdapter } = await import("../../src/adapters/deno/portable.ts");
  // Without a bind a self-connection takes a lab namespace: see self_connection.test.ts.
  describe("the adapter of Deno.connect", () => adapterContract(denoAdapter, { canBind: false }));
}
if (runtime === "bun") {
  const { bunAdapter } = await import("../../src/adapters/bun/portable.ts");
  describe("the adapter of Bun.connect", () => adapterContract(bunAdapter, { canBind: true }));
}
