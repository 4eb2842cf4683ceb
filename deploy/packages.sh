#!/usr/bin/env bash
# Installs the Debian packages that building and testing need, where that is possible.
# Without root or password-less sudo it names them and goes on (with CI=true it fails).
set -euo pipefail

# python3-opencv (120 MB) for its GStreamer, which the OpenCV from PyPI has not.
wanted=(python3-venv build-essential gcc-avr avr-libc simavr libsimavr-dev libelf-dev clang systemd \
  shellcheck python3-opencv gstreamer1.0-plugins-base)

if ! command -v dpkg-query >/dev/null; then
  echo "packages.sh: not a Debian or Ubuntu system; install yourself what matches: ${wanted[*]}" >&2
  exit 0
fi

# What clang's sanitizers and fuzzer link against is named after its version; unknown before the first
# `apt-get update`.
runtime_of_clang() {
  local name
  name=$(apt-cache depends clang 2>/dev/null | sed -n 's/^ *Depends: clang-\([0-9]\+\)$/libclang-rt-\1-dev/p')
  if [ -n "$name" ] && apt-cache show "$name" >/dev/null 2>&1; then echo "$name"; fi
}

mapfile -t runtime < <(runtime_of_clang)
wanted+=("${runtime[@]}")
missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "packages.sh: MISSING, so their tests are skipped: sudo apt-get install ${missing[*]}" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
  fi
fi

export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"
mapfile -t runtime < <(runtime_of_clang)
"${as_root[@]}" apt-get install -q -y --no-install-recommends "${runtime[@]}"
