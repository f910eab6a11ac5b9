import { describe, expect, test } from "vitest";
import { windowsCommand, WindowsCommandError, type WindowsFiles } from "../../src/host/windows_command.ts";

function filesOf(paths: readonly string[], env: Readonly<Record<string, string>> = {}): WindowsFiles {
  const known = new Set(paths.map((path) => path.toLowerCase()));
  const all: Record<string, string> = { PATH: 'C:\\one;"C:\\t w o\\"', ComSpec: "C:\\cmd.exe", ...env };
  return { env: (name) => all[name], isFile: (path) => known.has(path.toLowerCase()) };
}

function codeOf(command: readonly string[], files: WindowsFiles): string {
  try {
    windowsCommand(command, files);
    return "none";
  } catch (error) {
    if (!(error instanceof WindowsCommandError)) throw error;
    return error.code;
  }
}

describe("windowsCommand() finds", () => {
  const npm = ["C:\\t w o\\npm", "C:\\t w o\\npm.cmd", "C:\\t w o\\npm.ps1"];
  const cases: readonly [
    what: string,
    name: string,
    paths: readonly string[],
    env: Record<string, string>,
    file: string,
  ][] = [
    ["an .exe in PATH", "node", ["C:\\one\\node.exe"], {}, "C:\\one\\node.exe"],
    ["the first folder of PATH first", "a", ["C:\\t w o\\a.exe", "C:\\one\\a.cmd"], {}, '"C:\\one\\a.cmd"'],
    ["the current folder before PATH, as cmd.exe does", "a", ["a.exe", "C:\\one\\a.exe"], {}, "a.exe"],
    ["not in the current folder where the system is told so", "a", ["a.exe", "C:\\one\\a.exe"], {
      NoDefaultCurrentDirectoryInExePath: "1",
    }, "C:\\one\\a.exe"],
    ["the order of PATHEXT", "a", ["C:\\one\\a.exe", "C:\\one\\a.cmd"], { PATHEXT: ".CMD;.EXE" }, '"C:\\one\\a.cmd"'],
    [
      "no script that another program opens",
      "a",
      ["C:\\one\\a.js", "C:\\one\\a.exe"],
      { PATHEXT: ".JS;.EXE" },
      "C:\\one\\a.exe",
    ],
    ["npm's .cmd, not the shell script beside it", "npm", npm, {}, '""C:\\t w o\\npm.cmd""'],
    ["a path with slashes", "./bin/a", [".\\bin\\a.exe"], {}, ".\\bin\\a.exe"],
    ["a name that has its ending", "a.exe", ["C:\\one\\a.exe"], {}, "C:\\one\\a.exe"],
    ["an ending that only looks like one", "a.b", ["C:\\one\\a.b.exe"], {}, "C:\\one\\a.b.exe"],
  ];
  for (const [what, name, paths, env, file] of cases) {
    test(what, () => {
      const command = windowsCommand([name], filesOf(paths, env));
      expect(command.isVerbatim ? command.args.at(-1) : command.file).toBe(file);
    });
  }

  test("nothing, and says so", () => {
    expect(codeOf(["a"], filesOf([]))).toBe("ENOENT");
    expect(codeOf(["C:\\two\\a.exe"], filesOf(["C:\\two\\a.cmd"]))).toBe("ENOENT");
  });

  test("what Windows runs only with another program, and says so", () => {
    expect(codeOf(["start.js"], filesOf(["start.js"]))).toBe("EACCES");
    expect(codeOf(["./start"], filesOf([".\\start", "./start"]))).toBe("EACCES");
  });
});

describe("the arguments of a batch file", () => {
  const files = filesOf(["C:\\one\\a.cmd"]);
  const lineOf = (...args: string[]): string => windowsCommand(["a", ...args], files).args.at(-1)!;

  test("stand in quotes but for plain words", () => {
    expect(lineOf("run", "--x=1", "a b", "")).toBe('"C:\\one\\a.cmd run "--x=1" "a b" """');
    expect(lineOf("-v", "./a/b.js", "C:\\x\\y", "a@1.2")).toBe('"C:\\one\\a.cmd -v ./a/b.js C:\\x\\y a@1.2"');
  });

  for (const character of ["&", "|", "<", ">", "^", "(", ")", "!", "'", "*", "?", ",", ";", "=", "~", "`", "ü", "日"]) {
    test(`with ${character} are inside of quotes`, () => {
      expect(lineOf(`a${character}b`)).toBe(`"C:\\one\\a.cmd "a${character}b""`);
    });
  }

  test("never leave the quotes, however many there are in them", () => {
    for (const arg of ['"', 'a"b', '" & calc & "', '\\"', '""', 'a\\\\"b\\']) {
      const line = lineOf(arg).slice(1, -1);
      // cmd.exe toggles at each quote: an even number before every character that would end the command.
      const outside = line.split('"').filter((_part, i) => i % 2 === 0).join("");
      expect([arg, /[&|<>^]/.test(outside)]).toEqual([arg, false]);
    }
  });

  test("double the backslashes before a quote, and at the end", () => {
    expect(lineOf('a\\"b')).toBe('"C:\\one\\a.cmd "a\\\\""b""');
    expect(lineOf("a b\\")).toBe('"C:\\one\\a.cmd "a b\\\\""');
    expect(lineOf("a\\")).toBe('"C:\\one\\a.cmd "a\\\\""');
  });

  test("take % from a variable, since what that holds is not expanded again", () => {
    const { args, env } = windowsCommand(["a", "%PATH%"], files);
    expect(args.at(-1)).toBe('"C:\\one\\a.cmd "%REALPEER_PERCENT%PATH%REALPEER_PERCENT%""');
    expect(env).toEqual({ REALPEER_PERCENT: "%" });
    expect(windowsCommand(["a", "b"], files).env).toEqual({});
  });

  test("are refused where they cannot arrive", () => {
    for (const arg of ["a\nb", "a\rb", "a\0b"]) expect(codeOf(["a", arg], files)).toBe("EINVAL");
    expect(codeOf(["a", "x".repeat(9000)], files)).toBe("EINVAL");
  });

  test("of any other program are left as they are", () => {
    const args = ['a"b', "%PATH%", "two\nlines"];
    expect(windowsCommand(["b", ...args], filesOf(["C:\\one\\b.exe"]))).toEqual({
      ...{ file: "C:\\one\\b.exe", args, isVerbatim: false, env: {} },
    });
  });
});
