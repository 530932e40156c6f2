#!/bin/sh
# Makes the private keys that tests read, in every form that people keep them, with OpenSSL 3.
#
# sh make.sh
#
# writes beside itself one key in nine forms, and keys that must be refused. The pass phrase is `secret`.
# `-traditional` with a cipher is what OpenSSL 1 wrote by default.
set -eu
cd "$(dirname "$0")"

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out pkcs8.pem
openssl pkey -in pkcs8.pem -traditional -out pkcs1.pem
{ cat pkcs8.pem; printf '\nOCI_API_KEY\n'; } >labelled.pem

openssl pkcs8 -topk8 -in pkcs8.pem -passout pass:secret -v2 aes-256-cbc -out pbes2_aes256.pem
openssl pkcs8 -topk8 -in pkcs8.pem -passout pass:secret -v2 des3 -out pbes2_des3.pem
openssl pkcs8 -topk8 -in pkcs8.pem -passout pass:secret -scrypt -scrypt_N 1024 -out pbes2_scrypt.pem
for cipher in aes128 aes256 des3; do
    openssl pkey -in pkcs8.pem -traditional "-$cipher" -passout pass:secret -out "legacy_$cipher.pem"
done

# What must be refused.
openssl pkcs8 -topk8 -in pkcs8.pem -passout pass:secret -v1 PBE-MD5-DES -provider legacy -provider default \
    -out pbes1.pem
openssl pkey -in pkcs8.pem -traditional -camellia128 -passout pass:secret -out legacy_camellia128.pem
openssl pkey -in pkcs8.pem -pubout -out public.pem
openssl req -x509 -key pkcs8.pem -subj /CN=test -days 36500 -out certificate.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa1024.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:8192 -out rsa8192.pem
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
head -n 5 pkcs8.pem >cut_off.pem

openssl pkey -in pkcs8.pem -pubout -outform DER | openssl md5 -c | sed 's/.*= //' >fingerprint.txt
