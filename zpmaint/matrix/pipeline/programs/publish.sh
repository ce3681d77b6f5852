#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Merge ledgers into this machine's and write the status page.
#
#   ZPMAINT_HOME=DIR zpmaint matrix job publish OUT BASE_URL [LEDGER...]
#
# OUT is the folder for the page, BASE_URL where it will stand ('' if that is not known). Merging a
# ledger again changes nothing, so that all there are can be given each time. The page says that
# somebody looks again within a day, or the time that NEXT_WITHIN has: what the schedule is.
set -eu
zpmaint() { "$ZPMAINT_PYTHON" -m zpmaint "$@"; }
out=$1 base_url=$2
shift 2
: "${ZPMAINT_HOME:?names the folder of cache and state}"
[ $# -eq 0 ] || zpmaint matrix merge "$@"
# What is out there now, and which results still stand: without it the page says that nobody looked.
for look in "track --next-within ${NEXT_WITHIN:-1d}" "matrix plan"; do
    # shellcheck disable=SC2086 # some words
    zpmaint $look >/dev/null ||
        echo "matrix job publish: zpmaint $look failed; the page tells when it last did not" >&2
done
zpmaint publish --out "$out" --base-url "$base_url"
