#!/bin/sh
# Looks for the one release of the module that expected.txt is about: that of Debian 12.
set -eu
cd "$(dirname "$0")"
rm -f .installed
version=$(dpkg-query -W -f '${Version}' libapache2-mod-auth-openidc 2>/dev/null || echo none)
case "$version" in
  2.4.12.3-*) touch .installed ;;
  *) echo "wanted mod_auth_openidc 2.4.12.3, found $version"; exit 3 ;;
esac
