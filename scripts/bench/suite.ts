/** A table as it is printed and put into the results. */
export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One thing that was to be reached. */
export interface Target {
  readonly text: string;
  readonly isMet: boolean;
}

/** What one suite of the benchmark found. */
export interface Findings {
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  /** What a reader must know to judge the figures: how they were taken, what was left out and why. */
  readonly notes: readonly string[];
  /** The figures behind the tables. */
  readonly data: unknown;
  /** SVG documents by file name. */
  readonly charts?: Readonly<Record<string, string>>;
}

export interface Suite {
  readonly name: string;
  readonly title: string;
  run(): Promise<Findings>;
}

/** Columns lined up for a terminal, and valid Markdown at the same time. */
export function renderTable({ caption, columns, rows }: Table): string {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${
      widths.map((width, index) =>
        index === 0 ? (cells[index] ?? "").padEnd(width) : (cells[index] ?? "").padStart(width)
      )
        .join(" | ")
    } |`;
  const rule = `| ${
    widths.map((width, index) => index === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")
  } |`;
  return [`${caption}`, "", line(columns), rule, ...rows.map(line)].join("\n");
}

/** What was measured, with what, on what. */
export interface Machine {
  readonly date: string;
  readonly kernel: string;
  readonly processor: string;
  readonly memory: string;
  readonly versions: Readonly<Record<string, string>>;
}
