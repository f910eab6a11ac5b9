import process from "node:process";

/** The full path of a program of Windows itself: one of that name in PATH or in the current folder is not asked. */
export function inSystemFolder(path: string): string {
  return `${process.env["SystemRoot"] ?? "C:\\Windows"}\\System32\\${path}`;
}
