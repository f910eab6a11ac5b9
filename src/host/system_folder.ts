/** The full path of a program of Windows, so that no program of that name in PATH or the current folder is run. */
export function inSystemFolder(path: string): string {
  return `${process.env["SystemRoot"] ?? "C:\\Windows"}\\System32\\${path}`;
}
