#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One kernel of the matrix on this machine, into a ledger of its own.
#
#   ZPMAINT_HOME=DIR zpmaint matrix job one VERSION ARCH PATCHSET OUT [PROFILE]
#
# PROFILE is the build profile that kernels.toml asks for, '' the one that fits the tree: another one
# would be another verification, and this one due again the next night. OUT becomes a folder that
# holds ledger.sqlite and logs/, for `matrix job publish` to merge. The exit status is zpmaint's: 0 pass,
# 1 the kernel or the patch failed, 2 the call was wrong, 3 the surroundings failed (after a second
# try). Whatever it is, OUT holds what was recorded.
set -eu
zpmaint() { "$ZPMAINT_PYTHON" -m zpmaint "$@"; }
version=$1 arch=$2 patchset=$3 out=$4 profile=${5-}
: "${ZPMAINT_HOME:?names the folder of cache and state}"
verify() {
    zpmaint verify "$version" --arch "$arch" --patch "$patchset" --profile "$profile"
}
status=0
verify || status=$?
if [ "$status" -eq 3 ]; then
    echo "matrix job one: no result, the infrastructure failed; once more" >&2
    status=0
    verify || status=$?
fi
mkdir -p "$out"
# With the write-ahead log, if a killed process left one: SQLite wants them side by side.
for file in "$ZPMAINT_HOME"/state/ledger.sqlite*; do
    [ ! -e "$file" ] || cp "$file" "$out/"
done
# The whole logs and consoles, which merging takes along from beside a ledger.
[ ! -d "$ZPMAINT_HOME/state/logs" ] || cp -r "$ZPMAINT_HOME/state/logs" "$out/"
exit "$status"
