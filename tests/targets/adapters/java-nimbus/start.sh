#!/bin/sh
set -eu
cd "$(dirname "$0")"
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp 'bin:lib/*' Adapter
