import { readdirSync } from "node:fs";
import { join } from "node:path";
import { environment, run } from "../run.ts";

let packed: Promise<boolean> | undefined;

/** Sets REALPEER_TARBALL to the package that this tree makes, unless it is set; whether it is set now. */
export function packTree(scratch: string): Promise<boolean> {
  return packed ??= pack(scratch);
}

async function pack(scratch: string): Promise<boolean> {
  if (environment["REALPEER_TARBALL"] !== undefined) return true;
  const out = join(scratch, "npm");
  const build = ["deno", "run", "-A", "--quiet", "scripts/build_npm.ts", "--allow-dirty", "--out", out];
  const pack = ["npm", "pack", "--silent", "--pack-destination", scratch, out];
  for (const command of [build, pack]) if (await run(command) !== 0) return false;
  const tarball = readdirSync(scratch).find((file) => file.endsWith(".tgz"));
  environment["REALPEER_TARBALL"] = join(scratch, tarball ?? "");
  return true;
}
