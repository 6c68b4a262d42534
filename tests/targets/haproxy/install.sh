#!/bin/sh
# Looks for the one release that expected.txt is about: that of Debian 12.
set -eu
cd "$(dirname "$0")"
rm -f .installed
version=$(haproxy -v | sed -n 's/^HAProxy version \([0-9.]*\).*/\1/p')
if [ "$version" != 2.6.12 ]; then
  echo "wanted HAProxy 2.6.12, found $version"
  exit 3
fi
touch .installed
