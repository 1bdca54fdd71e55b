/* The C interface that Swift imports, driven as Swift's generated code drives it: a whole unlock over a
 * pipe written in C, and errors with their fields. Needs a library with the feature `mock`.
 *
 * Every handle that is passed is used up, so it is cloned before; what the library returns in a buffer
 * is freed by it. */
#define _POSIX_C_SOURCE 200809L
#define _Nonnull
#define _Nullable
#include "fido_unlockFFI.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define F(name) uniffi_fido_unlock_ffi_fn_##name
#define CLONE(kind, handle) F(clone_##kind)(handle, fresh())

static int passed, failed;
static RustCallStatus status;

static RustCallStatus *fresh(void) {
    memset(&status, 0, sizeof status);
    return &status;
}

static void check(int good, const char *what) {
    if (good) {
        passed++;
    } else {
        failed++;
        printf("FAILED: %s\n", what);
    }
}

static RustBuffer buffer(const void *bytes, size_t length) {
    RustCallStatus own = {0};
    ForeignBytes foreign = {(int32_t)length, bytes};
    return ffi_fido_unlock_ffi_rustbuffer_from_bytes(foreign, &own);
}

static void free_buffer(RustBuffer used) {
    RustCallStatus own = {0};
    ffi_fido_unlock_ffi_rustbuffer_free(used, &own);
}

static RustBuffer text(const char *string) { return buffer(string, strlen(string)); }
static RustBuffer none(void) { return buffer("\0", 1); }

/* Enums are an i32 from 1. */
static RustBuffer variant(int number) {
    uint8_t bytes[4] = {0, 0, 0, (uint8_t)number};
    return buffer(bytes, sizeof bytes);
}

static RustBuffer sequence(const uint8_t *bytes, uint32_t length) {
    uint8_t out[256] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length};
    memcpy(out + 4, bytes, length);
    return buffer(out, length + 4);
}

static uint32_t read_u32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* A string or byte sequence inside a record. */
static const uint8_t *take(const uint8_t **at, uint32_t *length) {
    const uint8_t *bytes = *at + 4;
    *length = read_u32(*at);
    *at = bytes + *length;
    return bytes;
}

static void copy_text(RustBuffer from, char *to, size_t room) {
    size_t length = from.len < room ? from.len : room - 1;
    memcpy(to, from.data, length);
    to[length] = 0;
    free_buffer(from);
}

/* The pipe: frames of a u16 length over TCP. The handle is the socket's number, doubled and plus one,
 * since a host's handles are odd. */
static int frees;

static void pipe_free(uint64_t handle) {
    close((int)(handle >> 1));
    frees++;
}

static uint64_t pipe_clone(uint64_t handle) { return (uint64_t)dup((int)(handle >> 1)) << 1 | 1; }

static void write_report(uint64_t handle, RustBuffer report, void *nothing, RustCallStatus *out) {
    uint8_t frame[66];
    uint32_t length = read_u32(report.data);
    (void)nothing;
    out->code = 0;
    if (length != 64) {
        /* PipeError::Failed { code } */
        uint8_t error[12] = {0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5};
        out->code = 1;
        out->errorBuf = buffer(error, sizeof error);
    } else {
        frame[0] = 0;
        frame[1] = 64;
        memcpy(frame + 2, report.data + 4, 64);
        if (send((int)(handle >> 1), frame, sizeof frame, 0) != sizeof frame) abort();
    }
    free_buffer(report);
}

static void read_report(uint64_t handle, uint32_t timeout_ms, RustBuffer *out_return, RustCallStatus *out) {
    struct pollfd ready = {(int)(handle >> 1), POLLIN, 0};
    uint8_t frame[66];
    size_t have = 0;
    out->code = 0;
    if (poll(&ready, 1, (int)timeout_ms) <= 0) {
        *out_return = sequence(frame, 0);
        return;
    }
    while (have < sizeof frame) {
        ssize_t got = recv(ready.fd, frame + have, sizeof frame - have, 0);
        if (got <= 0) {
            /* PipeError::Gone */
            out->code = 1;
            out->errorBuf = variant(5);
            return;
        }
        have += (size_t)got;
    }
    *out_return = sequence(frame + 2, 64);
}

static void report_size(uint64_t handle, uint32_t *out_return, RustCallStatus *out) {
    (void)handle;
    out->code = 0;
    *out_return = 64;
}

static int events;

static void listener_free(uint64_t handle) { (void)handle; }
static uint64_t listener_clone(uint64_t handle) { return handle; }

static void on_progress(uint64_t handle, RustBuffer event, void *nothing, RustCallStatus *out) {
    (void)handle;
    (void)nothing;
    /* ProgressEvent::TouchNeeded */
    if (event.len == 4 && read_u32(event.data) == 2) events++;
    free_buffer(event);
    out->code = 0;
}

static const UniffiVTableCallbackInterfaceHidReports pipe_table = {pipe_free, pipe_clone, write_report,
                                                                   read_report, report_size};
static const UniffiVTableCallbackInterfaceProgressListener listener_table = {listener_free, listener_clone,
                                                                             on_progress};

static uint64_t connect_to(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int socket_number = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_number, (struct sockaddr *)&address, sizeof address) != 0) abort();
    return (uint64_t)socket_number << 1 | 1;
}

/* An UnlockError of this variant and number, whose texts are there; freed. */
static int is_error(int family, uint16_t number, const char *name, const char *told) {
    const uint8_t *at = status.errorBuf.data;
    uint32_t length;
    int good = status.code == 1 && read_u32(at) == (uint32_t)family &&
               ((uint16_t)at[4] << 8 | at[5]) == number;
    if (status.code != 1) return 0;
    at += 6;
    const uint8_t *field = take(&at, &length);
    good = good && length == strlen(name) && memcmp(field, name, length) == 0;
    field = take(&at, &length);
    good = good && length == strlen(told) && memcmp(field, told, length) == 0;
    take(&at, &length);
    good = good && length > 10;
    free_buffer(status.errorBuf);
    return good;
}

int main(void) {
    char device_id[64], challenge[64], code[64];
    uint8_t device_key[33];
    uint32_t length;

    check(ffi_fido_unlock_ffi_uniffi_contract_version() == 30, "contract version");
    F(init_callback_vtable_hidreports)(&pipe_table);
    F(init_callback_vtable_progresslistener)(&listener_table);

    /* A key that is enrolled, has a PIN, and is blocked. */
    uint64_t key = F(constructor_mockkey_new)(fresh());
    uint64_t issuer = F(constructor_issuerkey_make)(variant(2), fresh());
    uint64_t plan = F(constructor_enrollment_new)(fresh());
    F(method_enrollment_add_key)(CLONE(enrollment, plan), 1, CLONE(issuerkey, issuer), fresh());
    uint64_t fido = F(method_mockkey_open)(CLONE(mockkey, key), variant(1), variant(1), fresh());
    RustBuffer enrolled =
        F(method_enrollment_run)(CLONE(enrollment, plan), CLONE(device, fido), none(), none(), none(), fresh());
    check(status.code == 0, "enrolled");
    const uint8_t *at = enrolled.data;
    const uint8_t *field = take(&at, &length);
    snprintf(device_id, sizeof device_id, "%.*s", (int)length, (const char *)field);
    field = take(&at, &length);
    check(length == sizeof device_key, "E is a compressed point");
    memcpy(device_key, field, sizeof device_key);
    free_buffer(enrolled);
    F(free_device)(fido, fresh());
    F(free_enrollment)(plan, fresh());
    F(method_mockkey_set_pin)(CLONE(mockkey, key), text("Winter42"), fresh());
    check(F(method_mockkey_block)(CLONE(mockkey, key), text("Winter24"), fresh()) == 8, "eight tries");

    /* Over the pipe. */
    uint64_t server = F(method_mockkey_serve)(CLONE(mockkey, key), variant(1), variant(2), 0, fresh());
    uint16_t port = F(method_mockserver_port)(CLONE(mockserver, server), fresh());
    uint64_t device = F(constructor_device_open_hid)(connect_to(port), variant(2), fresh());
    check(status.code == 0, "opened over the pipe");
    uint64_t session = F(constructor_unlocksession_begin)(CLONE(device, device), none(), none(), none(), fresh());
    check(status.code == 0, "begun");
    copy_text(F(method_unlocksession_challenge)(CLONE(unlocksession, session), fresh()), challenge, sizeof challenge);
    check(strlen(challenge) == 39, "a challenge of 32 characters in groups");
    char shown[64];
    copy_text(F(method_unlocksession_device_id)(CLONE(unlocksession, session), fresh()), shown, sizeof shown);
    check(strcmp(shown, device_id) == 0, "the Device ID is the enrolled one");
    copy_text(F(func_mock_respond)(CLONE(issuerkey, issuer), text(device_id), sequence(device_key, 33), text(challenge),
                                   fresh()),
              code, sizeof code);
    check(status.code == 0 && strlen(code) == 29, "a code of 24 characters in groups");

    /* Errors: a code of another kind, two different PINs. */
    F(method_unlocksession_unlock)(CLONE(unlocksession, session), CLONE(device, device), text(device_id), text("Spring43"),
                                   text("Spring43"), none(), none(), none(), none(), fresh());
    check(
        is_error(2, 204, "CodeKind", "this code is a Device ID, not a Response Code"), "another kind of code is refused");
    F(method_unlocksession_unlock)(CLONE(unlocksession, session), CLONE(device, device), text(code), text("Spring43"),
                                   text("Spring44"), none(), none(), none(), none(), fresh());
    check(is_error(3, 306, "PinConfirmation", "the two PINs are not the same"), "two PINs are refused");

    /* The unlock itself, with secrets in memory that this side wipes, and a touch to wait for. */
    uint8_t touch[8] = {0, 0, 0, 2, 0, 0, 0, 2};
    F(method_mockkey_set_touch)(CLONE(mockkey, key), buffer(touch, sizeof touch), fresh());
    char pin[] = "Spring43";
    ForeignBytes code_bytes = {(int32_t)strlen(code), (const uint8_t *)code};
    ForeignBytes pin_bytes = {(int32_t)strlen(pin), (const uint8_t *)pin};
    uint8_t listener[9] = {1, 0, 0, 0, 0, 0, 0, 0, 3};
    F(method_unlocksession_unlock_from_memory)(CLONE(unlocksession, session), CLONE(device, device), code_bytes,
                                               pin_bytes, none(), buffer(listener, sizeof listener), none(), none(),
                                               fresh());
    check(status.code == 0, "unlocked");
    check(events == 1, "the touch was told once");
    memset(pin, 0, sizeof pin);

    F(method_mockkey_try_pin)(CLONE(mockkey, key), text("Spring43"), fresh());
    check(status.code == 0, "the new PIN works");
    F(method_mockkey_try_pin)(CLONE(mockkey, key), text("Winter42"), fresh());
    check(is_error(1, 115, "PinInvalid", "wrong PIN"), "the old PIN does not");
    F(constructor_unlocksession_begin)(CLONE(device, device), none(), none(), none(), fresh());
    check(is_error(1, 101, "DeviceNotLocked", "device not locked"), "a second unlock is refused");

    F(func_mock_panic)(fresh());
    check(status.code == 2, "a panic is a status");
    if (status.code == 2) free_buffer(status.errorBuf);

    F(free_unlocksession)(session, fresh());
    F(free_device)(device, fresh());
    check(frees == 1, "the pipe was freed with its device");
    F(free_mockserver)(server, fresh());
    F(free_mockkey)(key, fresh());
    F(free_issuerkey)(issuer, fresh());

    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
