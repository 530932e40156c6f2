#!/bin/sh
# Makes the RSA keys that tests sign with; ring makes all others. They open nothing.
#
# sh make.sh
set -eu
cd "$(dirname "$0")"

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out issuer.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out stranger.pem
