#!/bin/sh
# Tests one target in a pipeline: gauntlet.sh TARGET [OPTION...]
#
# Every OPTION goes to `gauntlet run`: --profile, --fail-on, --baseline, --only, --max-time and the rest. The exit code is the
# one of gauntlet: 0 is the only green one. From the environment:
#
#   GAUNTLET          the binary [default: the one on the path, else one that is installed into the cache]
#   GAUNTLET_CACHE    where it is installed [default: .gauntlet]; let the pipeline keep this folder between jobs
#   GAUNTLET_INSTALL  what `cargo install` is given for that [default: the source that this script lies in, else jwt-gauntlet]
#   GAUNTLET_OUT      where the reports go [default: gauntlet-report]; keep them as an artefact, also where the job fails
#   GAUNTLET_FORMATS  the reports beside run.json [default: html,junit,sarif,markdown]
#   GITHUB_STEP_SUMMARY  a file that the summary is added to, where a pipeline names one
set -eu

if [ $# -lt 1 ] || [ -z "$1" ]; then
  echo "usage: gauntlet.sh TARGET [OPTION...]: a target file, or builtin:strict to try it" >&2
  exit 2
fi
target=$1
shift

cache=${GAUNTLET_CACHE:-.gauntlet}
out=${GAUNTLET_OUT:-gauntlet-report}
formats=${GAUNTLET_FORMATS:-html,junit,sarif,markdown}
here=$(cd "$(dirname "$0")" && pwd)

find_binary() {
  if [ -n "${GAUNTLET:-}" ]; then
    echo "$GAUNTLET"
  elif command -v gauntlet >/dev/null 2>&1; then
    command -v gauntlet
  else
    if [ ! -x "$cache/bin/gauntlet" ]; then
      if [ -n "${GAUNTLET_INSTALL:-}" ]; then
        # Several words on purpose: a name and its options.
        # shellcheck disable=SC2086
        cargo install --locked --root "$cache" $GAUNTLET_INSTALL >&2
      elif [ -f "$here/../Cargo.toml" ]; then
        cargo install --locked --root "$cache" --path "$here/.." >&2
      else
        cargo install --locked --root "$cache" jwt-gauntlet >&2
      fi
    fi
    echo "$cache/bin/gauntlet"
  fi
}

gauntlet=$(find_binary)
"$gauntlet" --version

# A run that hangs must not use up the pipeline's own time.
limit=--max-time=15m
for option; do
  case $option in --max-time | --max-time=*) limit= ;; esac
done

code=0
"$gauntlet" run "$target" --out "$out" --format "$formats" ${limit:+"$limit"} "$@" || code=$?

if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  # A binary that writes no Markdown, or a run that never began, is told in one line.
  "$gauntlet" report "$out" --format markdown >>"$GITHUB_STEP_SUMMARY" 2>/dev/null ||
    echo "gauntlet on \`$target\`: exit code $code; the reports are in \`$out\`" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
