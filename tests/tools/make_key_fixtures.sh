#!/bin/sh
# Makes from openssl-plain.pem (openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)
# tests/data/keys/openssl-* with the openssl program (seen with 3.0): the same key in every
# form that fido-unlock reads, and some that it refuses. Run from the repository's root. Salts are
# random, so each run gives other files; the ones committed are kept.
set -eu
cd tests/data/keys
pass=pass:'correct horse battery staple'
export OPENSSL_CONF=/dev/null

openssl pkcs8 -topk8 -nocrypt -in openssl-plain.pem -outform DER -out openssl-plain.der
for form in PEM DER; do
    ext=$(echo $form | tr PD pd | tr EMR emr)
    openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -passout "$pass" -in openssl-plain.pem -outform $form -out "openssl-pbkdf2.$ext"
    openssl pkcs8 -topk8 -scrypt -passout "$pass" -in openssl-plain.pem -outform $form -out "openssl-scrypt.$ext"
done
openssl pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA512 -passout "$pass" -in openssl-plain.pem -out openssl-aes128-sha512.pem
# Refused: a weak function or cipher, another curve or algorithm, another container, a huge cost.
openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA1 -passout "$pass" -in openssl-plain.pem -out openssl-refused-sha1.pem
openssl pkcs8 -topk8 -v2 des3 -passout "$pass" -in openssl-plain.pem -out openssl-refused-des3.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out openssl-refused-p384.pem
openssl genpkey -algorithm ED25519 -out openssl-refused-ed25519.pem
openssl ec -in openssl-plain.pem -out openssl-refused-sec1.pem 2>/dev/null
openssl ec -in openssl-plain.pem -pubout -out openssl-refused-public.pem 2>/dev/null
