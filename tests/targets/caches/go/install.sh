#!/bin/sh
# Builds the server into ./bin from the pinned go.mod and go.sum.
set -eu
cd "$(dirname "$0")"
exec go build -mod=readonly -trimpath -buildvcs=false -o bin/server .
