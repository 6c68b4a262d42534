#!/bin/sh
# The server and its packages are those of python-joserfc.
set -eu
cd "$(dirname "$0")"
exec ../python-joserfc/install.sh
