#!/bin/sh
set -eu
cd "$(dirname "$0")"
exec perl adapter.pl
