#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The ledger between two runs of the matrix on GitHub: an asset of the release `ledger`. A cache is
# evicted and artifacts expire; what was found out has to stay.
#
#   zpmaint matrix job github-ledger fetch DIR
#       every asset ledger-*.sqlite into DIR, and what is in the assets logs-*.tar into DIR/logs;
#       none yet is no error
#   zpmaint matrix job github-ledger keep FILE DIR
#       upload FILE and the folder logs beside it, then drop the assets that are in DIR, of which
#       FILE was merged
#
# The new asset is there before an old one goes, and only what was merged goes: killed at any
# moment, the next run merges what is there. Needs gh, GH_TOKEN, GITHUB_REPOSITORY, GITHUB_RUN_ID.
set -eu
repo=$GITHUB_REPOSITORY

exists() {
    # Listed, not asked for by name: a failing network must not look like "there is none". The
    # exit is needed: -e is off within a condition.
    tags=$(gh api --paginate "repos/$repo/releases" --jq '.[].tag_name') || exit 3
    printf '%s\n' "$tags" | grep -qx ledger
}

assets() {
    gh release view ledger --repo "$repo" --json assets --jq '.assets[].name'
}

case ${1-} in
fetch)
    mkdir -p "$2"
    if ! exists; then
        echo "github-ledger: no ledger kept yet" >&2
        exit 0
    fi
    found=$(assets)
    for asset in $found; do
        case $asset in
        ledger-*.sqlite)
            gh release download ledger --repo "$repo" --dir "$2" --pattern "$asset" ;;
        logs-*.tar)
            gh release download ledger --repo "$repo" --dir "$2" --pattern "$asset"
            tar -xf "$2/$asset" -C "$2" logs ;;
        esac
    done
    ;;
keep)
    run=$GITHUB_RUN_ID-${GITHUB_RUN_ATTEMPT:-1}
    name=ledger-$run.sqlite logs=
    exists || gh release create ledger --repo "$repo" --title Ledger --prerelease \
        --notes 'What the matrix found out, as SQLite. Kept by zpmaint matrix job github-ledger.'
    work=$(mktemp -d)
    cp "$2" "$work/$name"
    # First the logs: a ledger whose logs are not there yet would do without them.
    if [ -d "$(dirname "$2")/logs" ]; then
        logs=logs-$run.tar
        tar -cf "$work/$logs" -C "$(dirname "$2")" logs
        gh release upload ledger "$work/$logs" --repo "$repo" --clobber
    fi
    gh release upload ledger "$work/$name" --repo "$repo" --clobber
    rm -r "$work"
    found=$(assets)
    for asset in $found; do
        if [ "$asset" != "$name" ] && [ "$asset" != "$logs" ] && [ -e "$3/$asset" ]; then
            gh release delete-asset ledger "$asset" --repo "$repo" --yes
        fi
    done
    ;;
*)
    sed -n '3,14p' "$0" >&2
    exit 2
    ;;
esac
