/*
 * libfido2 as a peer: getInfo and changePIN on a device, each timed here.
 *
 * pin_change PATH PIN OTHER_PIN. For each line "getInfo COUNT" or "changePIN COUNT" it opens the
 * device, prints "ready", waits for a line, does it COUNT times, prints the nanoseconds in one line,
 * closes the device and prints "closed".
 */

#include <fido.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static fido_dev_t *device;
static const char *pins[2];

static void check(const char *what, int result) {
    if (result != FIDO_OK) {
        fprintf(stderr, "%s: %s\n", what, fido_strerr(result));
        exit(1);
    }
}

static void get_info(long run) {
    fido_cbor_info_t *info = fido_cbor_info_new();
    (void)run;
    check("fido_dev_get_cbor_info", fido_dev_get_cbor_info(device, info));
    fido_cbor_info_free(&info);
}

static void change_pin(long run) {
    check("fido_dev_set_pin", fido_dev_set_pin(device, pins[(run + 1) % 2], pins[run % 2]));
}

static void say(const char *line) {
    puts(line);
    fflush(stdout);
}

static void measure(void (*operation)(long), long count) {
    char line[8];
    long long *times = calloc((size_t)count, sizeof(*times));
    say("ready");
    if (times == NULL || fgets(line, sizeof(line), stdin) == NULL)
        exit(1);
    for (long run = 0; run < count; run++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        operation(run);
        clock_gettime(CLOCK_MONOTONIC, &end);
        times[run] = (end.tv_sec - begin.tv_sec) * 1000000000LL + (end.tv_nsec - begin.tv_nsec);
    }
    for (long run = 0; run < count; run++)
        printf("%lld ", times[run]);
    say("");
    free(times);
}

int main(int argc, char **argv) {
    char line[32], task[16];
    long count;
    if (argc != 4)
        return 2;
    pins[0] = argv[2];
    pins[1] = argv[3];
    fido_init(0);
    while (fgets(line, sizeof(line), stdin) != NULL && sscanf(line, "%15s %ld", task, &count) == 2) {
        device = fido_dev_new();
        check("fido_dev_open", fido_dev_open(device, argv[1]));
        measure(strcmp(task, "getInfo") == 0 ? get_info : change_pin, count);
        fido_dev_close(device);
        fido_dev_free(&device);
        say("closed");
    }
    return 0;
}
