#!/bin/sh
set -eu
cd "$(dirname "$0")"
# Whether JSON::XS is there or not, the same decoder.
export PERL_JSON_BACKEND=JSON::PP
exec perl adapter.pl
