#!/usr/bin/env bash
# Runs every target that is installed, and lays them side by side on one page.
#
#   tests/targets/matrix.sh [OUT]       # default: reports/matrix
#
# GAUNTLET_BINARY names the binary; without it a release build is made. A target that is not installed is skipped by name
# (tests/targets/debian.sh, tests/targets/install.sh, tests/targets/caches/install.sh). GAUNTLET_MATRIX_CHAOS=0 leaves the scenarios out; with them the whole
# takes about an hour on two cores. GAUNTLET_MATRIX_RUNS=DIR keeps the runs, and what is in DIR already is not run again.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-reports/matrix}
if [ -z "${GAUNTLET_BINARY:-}" ]; then
  cargo build --locked --release
  GAUNTLET_BINARY=target/release/gauntlet
fi
runs=${GAUNTLET_MATRIX_RUNS:-$(mktemp -d)}
mkdir -p "$runs"
[ -n "${GAUNTLET_MATRIX_RUNS:-}" ] || trap 'rm -rf "$runs"' EXIT

# What a target needs to be there, beside its own folder.
missing() { # FOLDER
  case $1 in
    */adapters/go-*) [ -x "$1/bin/adapter" ] ;;
    */go-*) [ -x "$1/bin/server" ] ;;
    */adapters/java-*) [ -f "$1/bin/Adapter.class" ] ;;
    */adapters/rust-*) [ -n "$(find "$1/target/release" -maxdepth 1 -name 'adapter-*' -type f 2>/dev/null)" ] ;;
    */keycloak) [ -f "$1/lib/built" ] ;;
    */rust-*) [ -n "$(find "$1/target/release" -maxdepth 1 -name 'target-*' -type f 2>/dev/null)" ] ;;
    */node-jose-strict) [ -d "$1/../node-jose/node_modules" ] ;;
    */node-*) [ -d "$1/node_modules" ] ;;
    */python-joserfc-strict) [ -d "$1/../python-joserfc/.venv" ] ;;
    */python-*) [ -d "$1/.venv" ] ;;
    *) [ -e "$1/.installed" ] ;;
  esac && return 1 || return 0
}

folders=()
play() { # NAME COMMAND...: a red run is a result here, a broken command is not
  local name=$1 status=0
  shift
  if [ ! -e "$runs/$name/run.json" ]; then
    "$GAUNTLET_BINARY" "$@" --seed 1 --max-time "${GAUNTLET_MATRIX_TIME:-15m}" --quiet --format json \
      --out "$runs/$name" >"$runs/$name.log" 2>&1 || status=$?
    case $status in
      0 | 1 | 3 | 5) echo "$name: exit $status" ;;
      *)
        echo "$name: exit $status, see the end of its log:" >&2
        tail -n 5 "$runs/$name.log" >&2
        exit 1
        ;;
    esac
  fi
  folders+=("$runs/$name")
}

for file in tests/targets/*/target.toml tests/targets/adapters/*/target.toml; do
  folder=$(dirname "$file")
  # What a drill starts is no target of its own.
  [ ! -e "$folder/drill.py" ] || continue
  name=${folder#tests/targets/}
  name=${name//\//-}
  if missing "$folder"; then
    echo "skipped: $name (not installed)"
    continue
  fi
  play "$name" run "$file"
done

# Scenarios need a cache that lives for seconds: the servers of caches/ have one.
if [ "${GAUNTLET_MATRIX_CHAOS:-1}" = 1 ]; then
  for file in tests/targets/caches/targets/*.toml; do
    [ -e "$file" ] || continue
    name=caches-$(basename "$file" .toml)
    language=$(sed -n 's,^command = \["\.\./\([a-z]*\)/start.sh".*,\1,p' "$file")
    case $language in
      node) made=node/node_modules ;;
      python) made=python/.venv ;;
      *) made=$language/bin ;;
    esac
    if [ ! -e "tests/targets/caches/$made" ]; then
      echo "skipped: $name (not installed)"
      continue
    fi
    play "$name" chaos "$file" --quick
  done
fi
"$GAUNTLET_BINARY" compare --matrix --out "$out" "${folders[@]}"
