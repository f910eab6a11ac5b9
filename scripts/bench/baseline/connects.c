/* The baseline in C: microseconds per connect and close, or per refusal. connects HOST PORT COUNT ROUNDS
 * With a fifth argument, PAUSE in milliseconds, it sleeps after each connect and prints the CPU time instead. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double wall(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static double processor(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 + use.ru_utime.tv_usec + use.ru_stime.tv_usec;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  int count = atoi(argv[3]), rounds = atoi(argv[4]), pause = argc > 5 ? atoi(argv[5]) : 0;
  for (int round = 0; round < rounds; round++) {
    double started = pause ? processor() : wall();
    for (int i = 0; i < count; i++) {
      int client = socket(AF_INET, SOCK_STREAM, 0);
      (void)!connect(client, (struct sockaddr *)&to, sizeof to);
      close(client);
      if (pause) usleep(pause * 1000);
    }
    printf("%s%.3f", round ? "," : "[", ((pause ? processor() : wall()) - started) / count);
  }
  puts("]");
}
