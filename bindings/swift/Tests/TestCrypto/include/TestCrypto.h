// P-256, HMAC, SHA-256 and AES of the tests, by OpenSSL 3: what a help desk's HSM and a relying party have, made by
// code that is not the library's. On Linux Swift has none of its own. Every function that can fail returns false
// then, and no output counts.
#ifndef TEST_CRYPTO_H
#define TEST_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A key pair; NULL on failure.
void *p256_make(void);
void p256_free(void *key);
// The compressed point, 33 bytes.
bool p256_public_key(const void *key, uint8_t *point);
// r and s, 64 bytes, over SHA-256 of the message.
bool p256_sign(const void *key, const uint8_t *message, size_t length, uint8_t *signature);
// x of the shared point, 32 bytes; `point` is compressed.
bool p256_agree(const void *key, const uint8_t *point, uint8_t *z);
// `point`: SEC 1, compressed (33 bytes) or not (65); `signature`: r and s, 64 bytes.
bool p256_verify(const uint8_t *point, size_t point_length, const uint8_t *message, size_t length,
                 const uint8_t *signature);
// The same for a signature in DER.
bool p256_verify_der(const uint8_t *point, size_t point_length, const uint8_t *message, size_t length,
                     const uint8_t *signature, size_t signature_length);
// 32 bytes.
bool hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message, size_t length, uint8_t *mac);
bool sha256(const uint8_t *message, size_t length, uint8_t *digest);
// One block of 16 bytes under a key of 32.
bool aes256_block(const uint8_t *key, const uint8_t *block, uint8_t *out);

#endif
