#!/bin/sh
# Builds the adapter into ./target from the pinned Cargo.lock.
set -eu
cd "$(dirname "$0")"
exec cargo build --release --locked --quiet --target-dir target
