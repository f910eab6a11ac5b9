/**
 * Compiles each project with one TypeScript in one process, and prints the diagnostics of each as JSON. What all have in
 * common is parsed once: the declarations of JavaScript and of Node. They are checked once for the same options and files,
 * whatever finds the modules; everything else is checked in each project.
 */
const [, , typescript, ...projects] = process.argv;
const ts = require(typescript);

const configHost = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
    throw new Error(diagnostic.messageText);
  },
};
const isCommon = (file) => /\/node_modules\/(@types\/node|undici-types|typescript[^/]*)\//.test(file);
const parsed = new Map();
const checked = new Set();

function compilerHost(options) {
  const host = ts.createCompilerHost(options);
  const parse = host.getSourceFile;
  host.getSourceFile = (file, language, ...others) => {
    if (!isCommon(file)) return parse(file, language, ...others);
    const key = JSON.stringify([file, language.languageVersion, language.impliedNodeFormat]);
    if (!parsed.has(key)) parsed.set(key, parse(file, language, ...others));
    return parsed.get(key);
  };
  return host;
}

function diagnose(program, { module: _, moduleResolution: __, configFilePath: ___, ...options }) {
  const key = JSON.stringify([options, program.getSourceFiles().map(({ fileName }) => fileName).filter(isCommon)]);
  if (!checked.has(key)) {
    checked.add(key);
    return ts.getPreEmitDiagnostics(program);
  }
  const files = program.getSourceFiles().filter(({ fileName }) => !isCommon(fileName));
  return ts.sortAndDeduplicateDiagnostics([
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...files.flatMap((file) => program.getSemanticDiagnostics(file)),
    ...program.getGlobalDiagnostics(),
  ]);
}

const diagnostics = projects.map((project) => {
  const { fileNames: rootNames, options, errors } = ts.getParsedCommandLineOfConfigFile(project, {}, configHost);
  const program = ts.createProgram({ rootNames, options, host: compilerHost(options) });
  return ts.formatDiagnostics([...errors, ...diagnose(program, options)], {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => process.cwd(),
    getNewLine: () => "\n",
  });
});
console.log(JSON.stringify(diagnostics));
