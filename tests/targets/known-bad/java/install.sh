#!/bin/sh
# Copies each release with what it needs into a folder of its own below ./lib, and compiles the server against the first.
set -eu
cd "$(dirname "$0")"
for version in 1.3.0 1.3.1; do
  [ -f "lib/prime-jwt-$version/prime-jwt-$version.jar" ] && continue
  mvn -q -B dependency:copy-dependencies -Dprime-jwt="$version" -DoutputDirectory="lib/prime-jwt-$version"
done
exec javac -nowarn -cp 'lib/prime-jwt-1.3.0/*' -d bin Server.java
