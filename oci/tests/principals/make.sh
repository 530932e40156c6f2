#!/bin/sh
# Makes the certificates of compute instances, with OpenSSL 3, for the keys in ../keys and ../golden.
#
# sh make.sh
#
# To be run again whenever those keys are made anew.
set -eu
cd "$(dirname "$0")"

certificate() { # NAME KEY SUBJECT
    openssl req -new -x509 -key "$2" -subj "$3" -days 36500 -sha256 -out "$1"
}

certificate leaf.pem ../keys/pkcs8.pem \
    "/CN=ocid1.instance.oc1.phx.a/OU=opc-instance:ocid1.instance.oc1.phx.a/OU=opc-tenant:ocid1.tenancy.oc1..a"
certificate leaf_other_tenancy.pem ../keys/pkcs8.pem \
    "/CN=ocid1.instance.oc1.phx.a/OU=opc-tenant:ocid1.tenancy.oc1..b"
certificate leaf_identity.pem ../keys/pkcs8.pem \
    "/CN=ocid1.instance.oc1.phx.a/OU=opc-identity:ocid1.tenancy.oc1..a"
certificate leaf_without_tenancy.pem ../keys/pkcs8.pem "/CN=example.com"
certificate intermediate.pem ../golden/key.pem "/CN=PKISVC Identity Intermediate"
