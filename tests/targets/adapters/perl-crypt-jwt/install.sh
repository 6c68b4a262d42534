#!/bin/sh
# Looks for the one version of Crypt::JWT that expected.txt is about: that of Debian 12 (libcrypt-jwt-perl).
set -eu
cd "$(dirname "$0")"
rm -f .installed
version=$(perl -MCrypt::JWT -e 'print Crypt::JWT->VERSION' 2>/dev/null || echo none)
if [ "$version" != 0.034 ]; then
  echo "wanted Crypt::JWT 0.034, found $version"
  exit 3
fi
touch .installed
