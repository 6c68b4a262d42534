#!/bin/sh
# Installs the servers, by language. A language whose tools are missing is skipped by name. Fails if an installation fails.
set -u
cd "$(dirname "$0")"
status=0

install() { # LANGUAGE TOOL...
  language=$1
  shift
  for tool; do
    if ! command -v "$tool" >/dev/null 2>&1; then
      echo "skipped: caches/$language (no $tool)"
      return
    fi
  done
  if "./$language/install.sh"; then
    echo "installed: caches/$language"
  else
    echo "failed: caches/$language"
    status=1
  fi
}

install node node npm
install python python3
install go go
install java java javac mvn
exit $status
