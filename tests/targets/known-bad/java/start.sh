#!/bin/sh
# start.sh RELEASE
set -eu
cd "$(dirname "$0")"
exec java -XX:TieredStopAtLevel=1 -cp "bin:lib/$1/*" Server
