#!/bin/sh
# The server and its packages are those of node-jose.
set -eu
cd "$(dirname "$0")"
exec ../node-jose/install.sh
