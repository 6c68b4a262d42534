#!/bin/sh
# start.sh RELEASE
set -eu
cd "$(dirname "$0")"
exec target/release/known-bad-rust "$@"
