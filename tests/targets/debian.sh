#!/bin/sh
# Installs the Debian packages that some targets are about: HAProxy, nginx, Apache with mod_auth_openidc,
# Crypt::JWT; and Prometheus with its Alertmanager for drills. Needs root and apt-get; without them it says so and ends well, and those targets are
# skipped by name.
set -u
packages="haproxy nginx-light apache2-bin libapache2-mod-auth-openidc libcrypt-jwt-perl prometheus prometheus-alertmanager"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "skipped: Debian packages (needs root and apt-get): $packages"
  exit 0
fi
# shellcheck disable=SC2086
dpkg-query -W $packages >/dev/null 2>&1 && exit 0
export DEBIAN_FRONTEND=noninteractive
# No service is started: each target runs its own, on a port of its own.
if timeout 120 apt-get -qq update && timeout 300 env RUNLEVEL=1 apt-get -qq -y --no-install-recommends install $packages >/dev/null; then
  echo "installed: $packages"
else
  echo "skipped: Debian packages (apt-get failed): $packages"
fi
