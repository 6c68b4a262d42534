#!/bin/sh
# start.sh RELEASE
set -eu
cd "$(dirname "$0")"
exec bin/server "$@"
