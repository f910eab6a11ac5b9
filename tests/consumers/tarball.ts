import { resolve } from "node:path";
import { root } from "../fixtures/runtime.ts";

/** The packed package under test: built for this run by scripts/test.ts, or any other, such as a release. */
export function tarball(): string {
  const path = process.env["REALPEER_TARBALL"];
  if (path === undefined) throw new Error("Cannot find the package: set REALPEER_TARBALL or use npm test -- consumers");
  return resolve(root, path);
}
