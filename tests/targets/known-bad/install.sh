#!/bin/sh
# Installs all releases, by language and two languages at a time. A language whose tools are missing is skipped by name.
# Fails if an installation fails.
set -u
cd "$(dirname "$0")"

install() { # LANGUAGE TOOL...
  language=$1
  shift
  for tool; do
    if ! command -v "$tool" >/dev/null 2>&1; then
      echo "skipped: known-bad/$language (no $tool)"
      return
    fi
  done
  if "./$language/install.sh"; then
    echo "installed: known-bad/$language"
  else
    echo "failed: known-bad/$language"
    return 1
  fi
}

# Rust takes as long as the others together.
install rust cargo &
rust=$!
status=0
install node node npm || status=1
install python python3 || status=1
install go go || status=1
install java java javac mvn || status=1
wait "$rust" || status=1
exit $status
