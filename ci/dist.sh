#!/bin/sh
# Builds one binary that needs no library of the system, and puts it at target/gauntlet.
#
# With the musl target of the toolchain (`rustup target add x86_64-unknown-linux-musl`, and musl-gcc) it is that; otherwise the
# C library of this system is linked in, which looks names up by /etc/hosts and DNS alone.
set -eu
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
musl=$(echo "$host" | sed 's/-linux-gnu$/-linux-musl/')
if [ "$musl" != "$host" ] && [ -d "$(rustc --print sysroot)/lib/rustlib/$musl" ] && command -v musl-gcc >/dev/null 2>&1; then
  host=$musl
fi
# The flags are for the target alone; build scripts and macros of the host stay as they are.
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" cargo build --locked --profile dist --bin gauntlet --target "$host"
cp "target/$host/dist/gauntlet" target/gauntlet
ls -l target/gauntlet
