import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Findings, type Machine, renderTable } from "./part.ts";

/** What a reader of the README wants to see: tables of parts, by their place in them. */
const TABLES: readonly (readonly [part: string, table: number])[] = [
  ["waiting", 0],
  ["waiting", 1],
  ["long-wait", 0],
  ["aftermath", 0],
  ["overhead", 0],
  ["overhead", 1],
  ["startup", 1],
];

/** The README's section, from the JSON that the parts have left in `folder`. */
export function summary(folder: string): string {
  let machine: Machine | undefined;
  const sections = TABLES.flatMap(([part, index]) => {
    const file = join(folder, `${part}.json`);
    if (!existsSync(file)) return [];
    const found: Findings & { machine: Machine } = JSON.parse(readFileSync(file, "utf8"));
    machine ??= found.machine;
    const table = found.tables[index];
    return table === undefined ? [] : [renderTable(table)];
  });
  const { date, kernel, processor, versions } = machine ?? { versions: {} };
  const measured = `Measured by \`npm run bench\` on ${kernel}, ${processor}, ${date}: ${
    Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")
  }.`;
  return `${[measured, ...sections].join("\n\n")}\n`;
}
