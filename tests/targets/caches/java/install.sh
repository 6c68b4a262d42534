#!/bin/sh
# Copies the pinned libraries into ./lib, and compiles the server against them.
set -eu
cd "$(dirname "$0")"
[ -d lib ] || mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
exec javac -nowarn -cp 'lib/*' -d bin Server.java
