#!/bin/sh
# start.sh VERIFY RELEASE
set -eu
cd "$(dirname "$0")"
exec node server.mjs "$@"
