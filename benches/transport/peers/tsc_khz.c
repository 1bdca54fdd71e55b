/*
 * How fast the processor's time stamp counter runs, in kHz. An emulated guest sees this machine's
 * counter and cannot find that out.
 */

#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(void) {
    const struct timespec pause = {.tv_sec = 0, .tv_nsec = 200000000};
    double begin = now();
    unsigned long long ticks = __rdtsc();
    nanosleep(&pause, NULL);
    ticks = __rdtsc() - ticks;
    printf("%.0f\n", (double)ticks / (now() - begin));
    return 0;
}
