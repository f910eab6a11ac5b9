/* The baseline in C of a wait that reads the kernel's count of sockets: microseconds of CPU time per look. looks PAUSE COUNT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  int pause = atoi(argv[1]), count = atoi(argv[2]);
  int v4 = open("/proc/net/sockstat", O_RDONLY), v6 = open("/proc/net/sockstat6", O_RDONLY);
  char buffer[256];
  for (int i = 0; i < count; i++) {
    usleep(pause * 1000);
    (void)!pread(v4, buffer, sizeof buffer, 0);
    (void)!pread(v6, buffer, sizeof buffer, 0);
  }
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  double cpu = (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 + use.ru_utime.tv_usec + use.ru_stime.tv_usec;
  printf("%.3f\n", cpu / count);
}
