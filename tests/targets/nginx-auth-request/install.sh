#!/bin/sh
# Looks for the one release that expected.txt is about, that of Debian 12, and for the service that it asks.
set -eu
cd "$(dirname "$0")"
rm -f .installed
version=$(nginx -v 2>&1 | sed -n 's/^nginx version: nginx\///p')
if [ "$version" != 1.22.1 ]; then
  echo "wanted nginx 1.22.1, found $version"
  exit 3
fi
../apache-openidc/install.sh || exit $?
touch .installed
