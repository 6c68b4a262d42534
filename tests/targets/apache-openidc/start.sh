#!/bin/sh
# Apache in a folder of its own, which goes with it.
set -eu
cd "$(dirname "$0")"
FOLDER=$(mktemp -d)
MODULES=${MODULES:-/usr/lib/apache2/modules}
ADDRESS=${ADDRESS:-127.0.0.1}
export FOLDER MODULES ADDRESS
mkdir "$FOLDER/www"
echo ok > "$FOLDER/www/healthz"
echo ok > "$FOLDER/www/auth"
chmod -R a+rX "$FOLDER"
trap 'kill "$apache" 2>/dev/null; rm -rf "$FOLDER"; wait "$apache"' EXIT
trap 'exit 0' INT TERM
apache2 -f "$PWD/apache.conf" -DFOREGROUND &
apache=$!
wait "$apache"
