/*
 * In place of PowerShell, which Wine does not have: prints what the one query that realpeer has for it prints, a line for each
 * process with its id, its parent's, when it was created and its name.
 */
#include <windows.h>
#include <stdio.h>
#include <tlhelp32.h>

int main(void) {
  PROCESSENTRY32 entry = { .dwSize = sizeof entry };
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  for (BOOL more = Process32First(all, &entry); more; more = Process32Next(all, &entry)) {
    FILETIME created = { 0, 0 }, exited, kernel, user;
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, entry.th32ProcessID);
    if (process != NULL) {
      GetProcessTimes(process, &created, &exited, &kernel, &user);
      CloseHandle(process);
    }
    ULONGLONG time = ((ULONGLONG) created.dwHighDateTime << 32) | created.dwLowDateTime;
    printf("%lu %lu %llu %s\r\n", entry.th32ProcessID, entry.th32ParentProcessID, time, entry.szExeFile);
  }
  return 0;
}
