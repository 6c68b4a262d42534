#!/bin/sh
# Fetches the pinned library into ./lib, compares it with its checksum, and compiles the adapter into ./bin.
set -eu
cd "$(dirname "$0")"
sha256sum --check --status checksums.txt 2>/dev/null || mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
sha256sum --check --quiet checksums.txt
exec javac -nowarn -cp 'lib/*' -d bin Adapter.java
