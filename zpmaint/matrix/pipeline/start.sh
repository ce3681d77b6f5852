#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# zpmaint for this project, on a machine that may have nothing yet: installs zpmaint and the Debian
# packages that it calls where they are missing, saying what, then runs it with the arguments given.
# Written by `zpmaint init --ci`.
#
#   ci/zpmaint verify 6.12.y
#
# ZPMAINT_FROM is what pip installs, where that is not the version below: a file, a folder, an address.
set -euo pipefail
version=@VERSION@ # another one here is installed the next time
from=${ZPMAINT_FROM:-zpmaint==$version}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${ZPMAINT_VENV:-$top/.zpmaint-venv}

die() {
    printf 'ci/zpmaint: %s\n' "$1" >&2
    exit 3 # the infrastructure's trouble, as zpmaint itself would say
}

packages() {
    command -v apt-get >/dev/null || die "missing: $*; this is no Debian: install them by hand"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "as root, run: apt-get install $*"
        root=(sudo)
    fi
    printf 'ci/zpmaint: installing Debian packages: %s\n' "$*" >&2
    { "${root[@]}" apt-get update -q &&
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qy --no-install-recommends "$@"; } >&2 || die "apt-get failed"
}

# The stamp is written last: an interrupted installation is begun again.
install() {
    [ "$(cat "$venv/.from" 2>/dev/null)" != "$from" ] || return 0
    python3 -c 'import ensurepip, venv' 2>/dev/null || packages ca-certificates python3 python3-venv
    printf 'ci/zpmaint: installing %s into %s\n' "$from" "$venv" >&2
    python3 -m venv --clear "$venv" || die "python3 -m venv $venv failed"
    "$venv/bin/pip" install -qq --disable-pip-version-check "$from" || die "pip could not install $from"
    "$venv/bin/zpmaint" doctor --install >&2 || die "zpmaint doctor --install failed"
    printf '%s\n' "$from" >"$venv/.from"
}

mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock"
flock 9
install
exec 9>&-
exec "$venv/bin/zpmaint" "$@"
