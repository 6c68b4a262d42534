#!/bin/sh
# Installs all targets, each into its own folder. A target whose runtime is missing is skipped
# by name. Fails if an installation fails. What comes from Debian is installed by debian.sh.
set -u
cd "$(dirname "$0")"
status=0

install() { # NAME RUNTIME...
  name=$1
  shift
  for runtime; do
    if ! command -v "$runtime" >/dev/null 2>&1; then
      echo "skipped: $name (no $runtime)"
      return
    fi
  done
  "./$name/install.sh"
  case $? in
    0) echo "installed: $name" ;;
    # What is there is another release than the one that expected.txt is about.
    3) echo "skipped: $name" ;;
    *)
      echo "failed: $name"
      status=1
      ;;
  esac
}

install node-jose node npm
install node-jose-strict node npm
install node-jsonwebtoken node npm
install python-pyjwt python3
install python-joserfc python3
install python-joserfc-strict python3
install rust-jsonwebtoken cargo
install go-golang-jwt go
install haproxy haproxy node
install apache-openidc apache2
install nginx-auth-request nginx apache2
install python-authlib-introspection python3
if [ -n "${GAUNTLET_LONG:-}" ]; then
  install keycloak java jar mvn
else
  echo "skipped: keycloak (GAUNTLET_LONG is not set)"
fi

install adapters/node-jose node npm
install adapters/python-pyjwt python3
install adapters/python-jwcrypto python3
install adapters/rust-jsonwebtoken cargo
install adapters/rust-josekit cargo pkg-config
install adapters/go-golang-jwt go
install adapters/go-jose go
install adapters/java-nimbus java javac mvn
install adapters/perl-crypt-jwt perl
if [ -n "${GAUNTLET_LONG:-}" ]; then
  caches/install.sh || status=1
else
  echo "skipped: caches (GAUNTLET_LONG is not set)"
fi
exit $status
