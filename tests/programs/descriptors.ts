import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * How many descriptors of this process are open, but for files and unix sockets, which are the runtimes' own business: Deno
 * opens its caches, and a pair of sockets, when it likes. Undefined where the system does not tell.
 */
export function openDescriptors(): number | undefined {
  let unixSockets: string;
  try {
    unixSockets = readFileSync("/proc/net/unix", "utf8");
  } catch {
    return undefined;
  }
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
      return !target.startsWith("/") && !(inode && new RegExp(` ${inode}( |$)`, "m").test(unixSockets));
    } catch {
      // The descriptor this very listing was read through.
      return false;
    }
  }).length;
}

/** @throws where the system does not tell */
export function countDescriptors(): number {
  const count = openDescriptors();
  if (count === undefined) throw new Error("Cannot count descriptors: there is no /proc");
  return count;
}
