import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Findings, type Machine, renderTable } from "./suite.ts";

/** The tables from which README.md quotes. */
const TABLES: readonly (readonly [suite: string, table: number])[] = [["waiting", 0], ["long-wait", 0], [
  "aftermath",
  0,
]];

/** The text of summary.md, from the JSON that the suites have left in `folder`. */
export function summary(folder: string): string {
  let machine: Machine | undefined;
  const sections = TABLES.flatMap(([suite, index]) => {
    const file = join(folder, `${suite}.json`);
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
