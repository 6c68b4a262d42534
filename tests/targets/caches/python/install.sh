#!/bin/sh
# Installs the pinned requirements.txt into ./.venv.
set -eu
cd "$(dirname "$0")"
done=.venv/installed-requirements.txt
cmp -s requirements.txt "$done" && .venv/bin/python -c '' && exit 0
python3 -m venv --clear .venv
.venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check -r requirements.txt
cp requirements.txt "$done"
