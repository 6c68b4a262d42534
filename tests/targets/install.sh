#!/bin/sh
# Installs all targets, each into its own folder. A target whose runtime is missing is skipped
# by name. Fails if an installation fails.
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
  if "./$name/install.sh"; then
    echo "installed: $name"
  else
    echo "failed: $name"
    status=1
  fi
}

install node-jose node npm
install node-jose-strict node npm
install node-jsonwebtoken node npm
install python-pyjwt python3
install python-joserfc python3
install python-joserfc-strict python3
install rust-jsonwebtoken cargo
install go-golang-jwt go
exit $status
