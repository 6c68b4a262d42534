#!/bin/sh
# Installs the pinned package-lock.json into ./node_modules.
set -eu
cd "$(dirname "$0")"
[ node_modules/.package-lock.json -nt package-lock.json ] && exit 0
exec npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
