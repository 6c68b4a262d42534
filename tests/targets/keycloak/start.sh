#!/bin/sh
set -eu
cd "$(dirname "$0")"
# The realm refers to it.
SIGNING_KEY=$(cat lib/signing.pkcs8.txt)
export SIGNING_KEY
exec lib/keycloak-26.7.3/bin/kc.sh start --optimized --import-realm \
  --http-enabled=true --http-host=127.0.0.1 --http-port="$PORT" --hostname=https://idp.example
