#!/bin/sh
# Builds the adapter into ./target from the pinned Cargo.lock.
set -eu
cd "$(dirname "$0")"
# The openssl crate links the OpenSSL that is there.
if ! pkg-config --exists openssl; then
  echo "wanted the headers of OpenSSL, found none"
  exit 3
fi
exec cargo build --release --locked --quiet --target-dir target
