#!/bin/sh
set -eu
cd "$(dirname "$0")"
# urllib obeys proxy variables; the key set is on loopback.
export no_proxy="127.0.0.1,localhost" NO_PROXY="127.0.0.1,localhost"
exec .venv/bin/python server.py
