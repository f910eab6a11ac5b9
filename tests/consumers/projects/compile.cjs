/** Compiles each project with one TypeScript in one process, and prints the diagnostics of each as JSON. */
const [, , typescript, ...projects] = process.argv;
const ts = require(typescript);

const host = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
    throw new Error(diagnostic.messageText);
  },
};
const diagnostics = projects.map((project) => {
  const { fileNames: rootNames, options, errors } = ts.getParsedCommandLineOfConfigFile(project, {}, host);
  const found = [...errors, ...ts.getPreEmitDiagnostics(ts.createProgram({ rootNames, options }))];
  return ts.formatDiagnostics(found, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => process.cwd(),
    getNewLine: () => "\n",
  });
});
console.log(JSON.stringify(diagnostics));
