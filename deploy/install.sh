#!/usr/bin/env bash
# Installs the sorter as a service on Debian, Ubuntu or Raspberry Pi OS. Running it again updates
# the program and leaves the operator's config, model and records alone.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: sudo deploy/install.sh [--dry-run] [--wheel FILE]

  --dry-run     print what would be done, and do nothing
  --wheel FILE  install this wheel instead of the checkout that the script lies in

With DESTDIR set, files go below that folder, no user is made and nothing is started: a try-out.
TEXT
}

fail() {
    echo "install.sh: $1" >&2
    exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(dirname "$here")
dest=${DESTDIR:-}
dry_run=

while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) dry_run=yes ;;
        --wheel)
            [ $# -ge 2 ] || fail "--wheel needs a file"
            source=$2
            [ -f "$source" ] || fail "$source: there is no such wheel; build one with 'pip wheel .'"
            shift
            ;;
        --help | -h)
            usage
            exit 0
            ;;
        *)
            usage >&2
            fail "unknown option $1"
            ;;
    esac
    shift
done

run() {
    echo "+ $*"
    [ -n "$dry_run" ] || "$@"
}

if [ -z "$dry_run$dest" ] && [ "$(id -u)" -ne 0 ]; then
    fail "needs root: run 'sudo $0', or '$0 --dry-run' to see what it would do"
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "needs Python 3.10 or later; install python3 and python3-venv"

if [ -z "$dest" ]; then
    if ! id -u sorter >/dev/null 2>&1; then
        run useradd --system --user-group --home-dir /var/lib/sorter --no-create-home \
            --shell /usr/sbin/nologin sorter
    fi
    run usermod --append --groups video,dialout sorter
    run install -d -o sorter -g sorter -m 0750 /var/lib/sorter /var/lib/sorter/models
else
    run install -d -m 0750 "$dest/var/lib/sorter" "$dest/var/lib/sorter/models"
fi

if [ ! -x "$dest/opt/sorter/bin/pip" ]; then
    run python3 -m venv "$dest/opt/sorter" || fail "no venv; install the package python3-venv"
fi
run "$dest/opt/sorter/bin/pip" install --quiet --upgrade "$source"

if [ -e "$dest/etc/sorter/sorter.yaml" ]; then
    echo "keeping $dest/etc/sorter/sorter.yaml"
else
    run install -D -m 0644 "$here/sorter.yaml" "$dest/etc/sorter/sorter.yaml"
fi
run install -D -m 0644 "$here/sorter.service" "$dest/etc/systemd/system/sorter.service"
run install -D -m 0644 "$here/99-sorter.rules" "$dest/etc/udev/rules.d/99-sorter.rules"

if [ -z "$dest" ]; then
    run systemctl daemon-reload
    run udevadm control --reload
    run udevadm trigger --subsystem-match=usb --subsystem-match=tty
fi

cat <<'TEXT'
Next:
  1. flash a board:  sudo /opt/sorter/bin/sorter board flash --port /dev/sorter-mcu     (docs/installing.md)
  2. copy a model:   sudo install -o sorter model.sorter /var/lib/sorter/models/current.sorter
  3. edit            /etc/sorter/sorter.yaml
  4. calibrate:      sorter calibrate                       (docs/calibrating.md)
  5. check:          sudo -u sorter /opt/sorter/bin/sorter check
  6. start:          sudo systemctl enable --now sorter     (the belt waits for its start button)
     after an update: sudo systemctl restart sorter
TEXT
