#!/bin/sh
# start.sh VERIFY
set -eu
cd "$(dirname "$0")"
exec node server.mjs "$@"
