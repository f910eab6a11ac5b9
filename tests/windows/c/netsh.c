/* In place of netsh, which says nothing under Wine: prints what a test has written into C:\netsh. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  const char *path = "C:\\netsh\\dynamic";
  for (int i = 1; i < argc; i++) if (strcmp(argv[i], "excludedportrange") == 0) path = "C:\\netsh\\excluded";
  FILE *file = fopen(path, "rb");
  if (file == NULL) return 1;
  _setmode(_fileno(stdout), _O_BINARY);
  for (int c = fgetc(file); c != EOF; c = fgetc(file)) putchar(c);
  return 0;
}
