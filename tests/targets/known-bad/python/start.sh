#!/bin/sh
# start.sh VERIFY RELEASE...: the releases are folders of ./site.
set -eu
cd "$(dirname "$0")"
verify=$1
shift
PYTHONPATH=.
for release; do PYTHONPATH="$PYTHONPATH:site/$release"; done
# urllib obeys proxy variables; the key set is on loopback.
export PYTHONPATH no_proxy="127.0.0.1,localhost" NO_PROXY="127.0.0.1,localhost"
exec python3 -S server.py "$verify"
