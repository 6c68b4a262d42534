#!/bin/sh
# Installs each pinned release of releases.txt into its own folder below ./site.
set -eu
cd "$(dirname "$0")"
grep -v '^#' releases.txt | while read -r name requirement; do
  done=site/$name/.requirement
  [ "$(cat "$done" 2>/dev/null)" = "$requirement" ] && continue
  rm -rf "site/$name"
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --no-input --disable-pip-version-check --no-deps --target "site/$name" "$requirement"
  printf '%s\n' "$requirement" >"$done"
done
cp releases.txt site/installed.txt
