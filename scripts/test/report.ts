import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule, TestResult, Vitest } from "vitest/node";

/** One run of vitest, as much of it as is counted. */
export interface Report {
  readonly tests: readonly {
    readonly name: string;
    readonly state: TestResult["state"];
    readonly message?: string | undefined;
  }[];
  /** What went wrong outside of any test: in files that do not load, in hooks, and what nothing handled. */
  readonly errors: readonly string[];
}

/** Vitest's own report in JSON leaves out what nothing handled. */
export default class CountReporter implements Reporter {
  #file: string | undefined;

  onInit({ config: { outputFile } }: Vitest): void {
    if (typeof outputFile === "object") this.#file = outputFile["count"];
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const broken = modules.flatMap((module) =>
      [module, ...module.children.allSuites()].flatMap((part) =>
        part.errors().map(({ message }) => `${module.relativeModuleId}\n  ${message}`)
      )
    );
    const report: Report = {
      tests: tests.map((test) => {
        const { state, errors } = test.result();
        // As `-t` joins them.
        return { name: test.fullName.replaceAll(" > ", " "), state, message: errors?.[0]?.message };
      }),
      errors: [
        ...broken,
        // Vitest says which test was running then: most often it is the one to look at.
        ...unhandled.map(({ stack, message, VITEST_TEST_PATH: file, VITEST_TEST_NAME: test }) =>
          `an error outside of any test (${file ?? "no file"}, ${test ?? "no test"})\n  ${stack ?? message}`
        ),
      ],
    };
    writeFileSync(this.#file!, JSON.stringify(report));
  }
}
