#include "TestCrypto.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

void *p256_make(void) { return EVP_EC_gen("P-256"); }

void p256_free(void *key) { EVP_PKEY_free(key); }

bool p256_public_key(const void *key, uint8_t *point) {
    uint8_t whole[65];
    size_t length = 0;
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, whole, sizeof whole, &length) != 1)
        return false;
    if (length == 33) {
        memcpy(point, whole, 33);
        return true;
    }
    if (length != 65) return false;
    point[0] = 2 + (whole[64] & 1);
    memcpy(point + 1, whole + 1, 32);
    return true;
}

static EVP_PKEY *from_point(const uint8_t *point, size_t length) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, length),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

bool p256_sign(const void *key, const uint8_t *message, size_t length, uint8_t *signature) {
    uint8_t der[80];
    size_t der_length = sizeof der;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL &&
                EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, (EVP_PKEY *)key) == 1 &&
                EVP_DigestSign(context, der, &der_length, message, length) == 1;
    EVP_MD_CTX_free(context);
    if (!good) return false;
    const uint8_t *next = der;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &next, (long)der_length);
    if (pair == NULL) return false;
    good = BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) == 32;
    ECDSA_SIG_free(pair);
    return good;
}

bool p256_agree(const void *key, const uint8_t *point, uint8_t *z) {
    size_t length = 32;
    EVP_PKEY *other = from_point(point, 33);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new((EVP_PKEY *)key, NULL);
    bool good = other != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
                EVP_PKEY_derive_set_peer(context, other) == 1 && EVP_PKEY_derive(context, z, &length) == 1 &&
                length == 32;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(other);
    return good;
}

bool p256_verify_der(const uint8_t *point, size_t point_length, const uint8_t *message, size_t length,
                     const uint8_t *signature, size_t signature_length) {
    EVP_PKEY *key = from_point(point, point_length);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = key != NULL && context != NULL &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, signature_length, message, length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

bool p256_verify(const uint8_t *point, size_t point_length, const uint8_t *message, size_t length,
                 const uint8_t *signature) {
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
    if (pair == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(pair);
        return false;
    }
    uint8_t *der = NULL;
    int der_length = i2d_ECDSA_SIG(pair, &der);
    ECDSA_SIG_free(pair);
    bool good = der_length > 0 && p256_verify_der(point, point_length, message, length, der, (size_t)der_length);
    OPENSSL_free(der);
    return good;
}

bool hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message, size_t length, uint8_t *mac) {
    return HMAC(EVP_sha256(), key, (int)key_length, message, length, mac, NULL) != NULL;
}

bool sha256(const uint8_t *message, size_t length, uint8_t *digest) {
    return EVP_Digest(message, length, digest, NULL, EVP_sha256(), NULL) == 1;
}

bool aes256_block(const uint8_t *key, const uint8_t *block, uint8_t *out) {
    int length = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = context != NULL && EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), NULL, key, NULL) == 1 &&
                EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                EVP_EncryptUpdate(context, out, &length, block, 16) == 1 && length == 16;
    EVP_CIPHER_CTX_free(context);
    return good;
}
