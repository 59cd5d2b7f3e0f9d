#!/bin/sh
# Installs Chromium with apt-get, for the tests of pages. Elsewhere, install it yourself or set CHROMIUM to its executable.
set -e
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "There is no Chromium. Install it, or run: make browser CHROMIUM=/path/to/chromium" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends chromium
