/** Draws the chart whose Vega-Lite specification comes in on standard input, as SVG, without a browser. */
import { readFileSync } from "node:fs";

/** The charting library is installed beside the benchmark only, so no checker may look for its types. */
// deno-lint-ignore no-explicit-any -- what vega and vega-lite export
async function load(name: string): Promise<any> {
  return await import(name);
}

const vega = await load("vega");
const { compile } = await load("vega-lite");
const specification = JSON.parse(readFileSync(0, "utf8"));
const view = new vega.View(vega.parse(compile(specification).spec), { renderer: "none" });
console.log(await view.toSVG());
