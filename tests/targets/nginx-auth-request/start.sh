#!/bin/sh
# nginx in a folder of its own, which goes with it; behind it, at another loopback address, the service that it asks.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
chmod a+rx "$folder"
echo "your orders" > "$folder/orders"
sed "s/@PORT@/$PORT/" nginx.conf > "$folder/nginx.conf"
trap 'kill "$nginx" "$service" 2>/dev/null; rm -rf "$folder"; wait' EXIT
trap 'exit 0' INT TERM
ADDRESS=127.0.0.2 ../apache-openidc/start.sh &
service=$!
nginx -e stderr -p "$folder" -c nginx.conf &
nginx=$!
wait "$nginx"
