import { spawnSync } from "node:child_process";
import { environment } from "../run.ts";
import { subject } from "./child.ts";

/** All the waits of one tool. */
export interface Series {
  readonly label: string;
  readonly latencies: readonly number[];
}

/** One point of a curve. */
export interface Point {
  readonly label: string;
  /** Where it is on its curve. */
  readonly pause?: number;
  readonly median: number;
  readonly cpuPerSecond: number;
}

/** Readable on white and on black. */
const [TEXT, GRID, OURS, THEIRS] = ["#7d8590", "#7d859040", "#f0883e", "#6e9fd8"];
const FONT = "system-ui, sans-serif";

const config = {
  background: null,
  font: FONT,
  view: { stroke: null },
  title: { color: TEXT, fontSize: 14, fontWeight: 600, anchor: "start", subtitleColor: TEXT, subtitleFontSize: 12 },
  axis: { labelColor: TEXT, titleColor: TEXT, gridColor: GRID, domainColor: GRID, tickColor: GRID, labelFontSize: 12 },
  legend: { labelColor: TEXT, titleColor: TEXT, labelFontSize: 12, labelLimit: 0 },
};

/** A Vega-Lite specification as SVG. The charting library is installed beside the benchmark only, where Node finds it. */
function draw(specification: object): string {
  const [file, ...args] = subject("node", "draw") as [string, ...string[]];
  const $schema = "https://vega.github.io/schema/vega-lite/v6.json";
  const input = JSON.stringify({ $schema, config, ...specification });
  const { status, stdout, stderr } = spawnSync(file, args, { input, encoding: "utf8", env: environment });
  if (status !== 0) throw new Error(`Cannot draw: ${stderr}`);
  return stdout;
}

const VALUES = [0.3, 1, 3, 10, 30, 100, 300, 1000];

const isOurs = (label: string): boolean => label.startsWith("realpeer");

/** The time from listen to report, tool by tool: every wait as a stroke, and the median of each tool in figures. */
export function drawLatencies(title: string, series: readonly Series[], medians: readonly number[]): string {
  const order = series.map(({ label }, index) => ({ label, median: medians[index]! })).sort((a, b) =>
    a.median - b.median
  );
  const labels = order.map(({ label }) => label);
  const values = series.flatMap(({ label, latencies }) =>
    latencies.map((latency) => ({ label, latency: Math.max(latency, 0.5), isOurs: isOurs(label) }))
  );
  const figures = order.map(({ label, median }) => ({
    label,
    median,
    isOurs: isOurs(label),
    text: `${median < 100 ? median.toFixed(1) : median.toFixed(0)} ms`,
  }));
  const y = {
    field: "label",
    type: "nominal",
    sort: labels,
    title: null,
    axis: { ticks: false, domain: false, labelPadding: 8, labelLimit: 0 },
  };
  const color = {
    field: "isOurs",
    type: "nominal",
    scale: { domain: [true, false], range: [OURS, THEIRS] },
    legend: null,
  };
  const scale = { type: "log", domain: [0.5, 2500], nice: false };
  const x = (field: string): object => ({
    field,
    type: "quantitative",
    scale,
    title: "milliseconds, each stroke one wait (logarithmic)",
    axis: { values: [1, 3, 10, 30, 100, 300, 1000], format: "d" },
  });
  return draw({
    title: { text: title, subtitle: "median at the right", offset: 12 },
    width: 560,
    height: { step: 30 },
    layer: [
      {
        data: { values },
        mark: { type: "tick", thickness: 2, size: 18, opacity: 0.55 },
        encoding: { x: x("latency"), y, color },
      },
      {
        data: { values: figures },
        mark: { type: "tick", thickness: 4, size: 26 },
        encoding: { x: x("median"), y, color },
      },
      {
        data: { values: figures },
        mark: { type: "text", align: "right", dx: 66, fontSize: 12, fontWeight: 600 },
        encoding: { x: { value: 560 }, y, text: { field: "text" }, color },
      },
    ],
  });
}

/** What less latency costs: pauses of ours, of the baseline, and the tools where their defaults put them. */
export function drawFrontier(curves: readonly Point[], tools: readonly Point[]): string {
  const scale = { type: "log", nice: false };
  const encoding = {
    x: {
      field: "median",
      type: "quantitative",
      scale,
      title: "median from listen to report, ms",
      axis: { values: VALUES },
    },
    y: {
      field: "cpuPerSecond",
      type: "quantitative",
      scale,
      title: "CPU, ms for each second waited",
      axis: { values: VALUES },
    },
  };
  const labels = [...new Set(curves.map(({ label }) => label))];
  const named = tools.map((tool) => ({ ...tool, isOurs: isOurs(tool.label) }));
  const toolColor = {
    field: "isOurs",
    type: "nominal",
    scale: { domain: [true, false], range: [OURS, THEIRS] },
    legend: null,
  };
  return draw({
    title: {
      text: "Latency against CPU time",
      subtitle: "lines: the same loop at pauses of 5 to 160 ms; dots: default options",
      offset: 12,
    },
    width: 560,
    height: 340,
    resolve: { scale: { color: "independent" } },
    layer: [
      {
        data: { values: curves },
        mark: { type: "line", point: true, strokeWidth: 1.5 },
        encoding: {
          ...encoding,
          order: { field: "pause" },
          color: {
            field: "label",
            type: "nominal",
            scale: { domain: labels, range: [OURS, "#8b949e", "#d2a8ff", "#3fb950"] },
            legend: { title: null, orient: "bottom" },
          },
        },
      },
      {
        data: { values: named },
        mark: { type: "point", filled: true, size: 90, opacity: 1 },
        encoding: { ...encoding, color: toolColor },
      },
      // Ours below its dot, the others above: what lies close together stays legible.
      ...[{ ours: true, align: "right", dx: -6, dy: 14 }, { ours: false, align: "left", dx: 9, dy: -8 }].map((
        { ours, ...place },
      ) => ({
        data: { values: named.filter(({ isOurs }) => isOurs === ours) },
        mark: { type: "text", fontSize: 11, ...place },
        encoding: { ...encoding, text: { field: "label" }, color: toolColor },
      })),
    ],
  });
}
