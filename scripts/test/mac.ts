/**
 * The machine of the suite `mac`: no /proc, no network namespaces, no python3, the sysctl of macOS, and the platform's name.
 * It shows what a developer sees there who runs the tests, as far as the tree's own code decides it.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { find } from "../../tests/fixtures/find_program.ts";
import { environment, root } from "../run.ts";

/** Programs that macOS has too, and those that this tree brings. */
const TOOLS = `
  awk basename bash cat chmod cp cut date dirname echo env expr false find git grep head id kill ln ls
  mkdir mkfifo mktemp mv nice node nohup npm npx openssl pgrep printf ps pwd rm script sed seq sh
  sleep sort stty tail tar tee test touch tr true uname uniq wc which xargs
`;

const SYSCTL = `#!/bin/sh
for name; do
  case $name in
    -n) ;;
    net.inet.ip.portrange.first|net.inet.ip.portrange.hifirst) echo 49152 ;;
    net.inet.ip.portrange.last|net.inet.ip.portrange.hilast) echo 65535 ;;
    *) echo "sysctl: unknown oid '$name'" >&2; exit 1 ;;
  esac
done
`;

/** The command line that runs a command on such a machine; `folder` is an empty one for what it needs. */
export function asOnMac(folder: string, command: readonly string[]): string[] {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => !folder.startsWith(root));
  for (const tool of TOOLS.trim().split(/\s+/)) {
    const path = find(tool, folders);
    if (path !== undefined) symlinkSync(path, join(bin, tool));
  }
  const sysctl = join(folder, "sysctl");
  writeFileSync(sysctl, SYSCTL);
  chmodSync(sysctl, 0o755);
  const path = [join(root, "node_modules/.bin"), bin].join(delimiter);
  // /dev/fd, which macOS has too, is a link to /proc/self/fd on Linux.
  const setup = `set -e
    mkdir -p "$4" && mount --bind /proc "$4"
    mount -t tmpfs none /proc
    mkdir /proc/self && ln -s "$4/self/fd" /proc/self/fd
    test ! -e /usr/sbin/sysctl || mount --bind "$1" /usr/sbin/sysctl
    export PATH="$2" NODE_OPTIONS="--require=$3"
    shift 4
    exec "$@"`;
  const flags = process.getuid?.() === 0 ? "-m" : "-Urm";
  const preload = join(root, "tests/fixtures/mac/preload.cjs");
  return ["unshare", flags, "sh", "-c", setup, "sh", sysctl, path, preload, join(folder, "proc"), ...command];
}

/** Why there can be no such machine here; undefined where there can. */
export function noMac(folder: string): string | undefined {
  const [file, ...args] = asOnMac(folder, ["node", "-p", "6 * 7"]) as [string, ...string[]];
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: "utf8", env: environment });
  if (status === 0 && stdout.trim() === "42") return undefined;
  return (error?.message ?? stderr).trim().split("\n")[0] || `a simulated macOS ended with status ${status}`;
}
