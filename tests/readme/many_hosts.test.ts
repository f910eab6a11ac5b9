import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { find, missing, SEARCHED } from "../fixtures/find_program.ts";
import { because, inEmptyNamespace, noLab } from "../fixtures/lab.ts";
import { codeBelow } from "../fixtures/readme.ts";
import { commandFor, root, run, runForJson, runtime } from "../fixtures/runtime.ts";
import type { Alerts } from "../programs/prometheus_alert.ts";

const folder = mkdtempSync(join(tmpdir(), "realpeer-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

const folders = [...SEARCHED, "/bin"];
const programs = ["prometheus", "prometheus-node-exporter", "promtool"].map((name) =>
  [name, find(name, folders)] as const
);
const noPrometheus = missing(...programs);
const noSystemd = missing(["systemd-analyze", find("systemd-analyze", folders)]);

/** A file to which the README links. */
function example(name: string): string {
  return readFileSync(join(root, "tests/examples", name), "utf8");
}

const rules = example("prometheus_rules.yaml");
const UNITS = ["realpeer-shield.service", "realpeer-scan.service", "realpeer-scan.timer"];

/** A manifest, as far as it is looked at. */
interface DaemonSet {
  readonly kind: string;
  readonly spec: {
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly containers: readonly { readonly volumeMounts: readonly { readonly name: string }[] }[];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
}

describe("the README's recipes", () => {
  test("are YAML and JSON that parsers read without a warning", () => {
    for (const name of ["compose.yaml", "prometheus_rules.yaml", "kubernetes_daemonset.yaml"]) {
      for (
        const { errors, warnings } of parseAllDocuments(example(name)) as { errors: unknown[]; warnings: unknown[] }[]
      ) {
        expect([errors, warnings]).toEqual([[], []]);
      }
    }
    const { scripts } = JSON.parse(codeBelow("## Shield a port", "json"));
    expect(scripts.dev).toMatch(/^realpeer shield \d+ -- /);
  });

  test("have a compose file whose shield is in the network of the service that it is for", () => {
    const { services } = parse(example("compose.yaml"));
    expect(Object.keys(services)).toContain(services["db-shield"].network_mode.replace("service:", ""));
    expect(services["db-shield"].command).toContain(/\d+/.exec(services.db.command)![0]);
  });

  test("have a DaemonSet whose selector and volumes fit", () => {
    const { kind, spec }: DaemonSet = parse(example("kubernetes_daemonset.yaml"));
    expect(kind).toBe("DaemonSet");
    expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels);
    const { containers, volumes } = spec.template.spec;
    const mounted = containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name));
    expect(mounted.toSorted()).toEqual(volumes.map(({ name }) => name).toSorted());
  });

  test.skipIf(noSystemd)(because("have units that systemd-analyze verifies", noSystemd), async () => {
    const files = UNITS.map((name) => join(folder, name));
    for (const [i, name] of UNITS.entries()) writeFileSync(files[i]!, example(name));
    const { code, stderr } = await run(["systemd-analyze", "verify", "--man=no", ...files]);
    // It tells of the system's own units, too.
    expect([code, stderr.split("\n").filter((line) => line.includes("realpeer"))]).toEqual([0, []]);
    writeFileSync(files[0]!, example(UNITS[0]!).replace("Restart=always", "Restrat=always"));
    expect((await run(["systemd-analyze", "verify", "--man=no", files[0]!])).stderr).toContain("Restrat");
  });

  test.skipIf(noPrometheus)(because("have rules that promtool accepts", noPrometheus), async () => {
    writeFileSync(join(folder, "rules.yml"), rules);
    const { code, stdout } = await run(["promtool", "check", "rules", join(folder, "rules.yml")]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("SUCCESS: 2 rules found")]);
  });

  const noAlert = noLab ?? noPrometheus;
  test.skipIf(noAlert)(
    because(
      "fire an alert for a self-connection of a host, by way of node_exporter and Prometheus, and clear it",
      noAlert,
    ),
    async () => {
      writeFileSync(join(folder, "rules.yml"), rules);
      const own = mkdtempSync(join(folder, "run-"));
      writeFileSync(join(own, "rules.yml"), rules);
      const program = commandFor("tests/programs/prometheus_alert.ts", [own]);
      const { quiet, fired, named, cleared } = await runForJson<Alerts>(inEmptyNamespace(program), { limit: 110_000 });
      expect(quiet).toBe("0");
      expect(fired).toMatchObject([{
        state: "firing",
        labels: { alertname: "TcpSelfConnection", severity: "warning" },
      }]);
      expect(named).toMatchObject([{ command: expect.stringContaining(runtime), instance: "127.0.0.1:19100" }]);
      expect(cleared).toEqual([]);
    },
    120_000,
  );
});
