/** Draws the chart whose Vega-Lite specification comes in on standard input, as SVG, without a browser. */
import { readFileSync } from "node:fs";

interface Vega {
  readonly parse: (specification: unknown) => unknown;
  readonly View: new (chart: unknown, options: { readonly renderer: "none" }) => { toSVG(): Promise<string> };
}

interface VegaLite {
  readonly compile: (specification: unknown) => { readonly spec: unknown };
}

/** The charting library is installed beside the benchmark only, so no checker may look for its types. */
async function load<Exports>(name: string): Promise<Exports> {
  return await import(name);
}

const vega = await load<Vega>("vega");
const { compile } = await load<VegaLite>("vega-lite");
const specification = JSON.parse(readFileSync(0, "utf8"));
const view = new vega.View(vega.parse(compile(specification).spec), { renderer: "none" });
console.log(await view.toSVG());
