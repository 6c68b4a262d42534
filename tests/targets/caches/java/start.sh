#!/bin/sh
# start.sh VERIFY
set -eu
cd "$(dirname "$0")"
exec java -XX:TieredStopAtLevel=1 -Xmx128m -cp 'bin:lib/*' Server "$@"
