#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The ledger between two pipelines of the matrix on GitLab: a generic package of the project. A
# cache is evicted and artifacts expire; what was found out has to stay.
#
#   zpmaint matrix job gitlab-ledger fetch DIR
#       every version's ledger-*.sqlite into DIR, and what is in its logs-*.tar into DIR/logs; none
#       yet is no error
#   zpmaint matrix job gitlab-ledger keep FILE DIR
#       upload FILE and the folder logs beside it as a new version, then drop the versions that are
#       in DIR, of which FILE was merged
#
# The new version is there before an old one goes, and only what was merged goes: killed at any
# moment, the next pipeline merges what is there. Needs curl, and what GitLab gives each job:
# CI_API_V4_URL, CI_PROJECT_ID, CI_JOB_TOKEN, CI_JOB_ID.
set -eu
api=$CI_API_V4_URL/projects/$CI_PROJECT_ID/packages
package=zpmaint-ledger

ask() {
    # The token is in no command line, which every process of the machine could read.
    printf 'header = "JOB-TOKEN: %s"\n' "$CI_JOB_TOKEN" |
        curl --config - --header 'Expect:' --silent --show-error --fail --location --retry 3 "$@"
}

# "ID VERSION" of every version that is kept, page by page. A failing network is an error, not "none".
versions() {
    page=1
    while :; do
        got=$(ask "$api?package_type=generic&package_name=$package&per_page=100&page=$page") || exit 3
        rows=$(printf '%s' "$got" | "$ZPMAINT_PYTHON" -c '
import json, sys
for row in json.load(sys.stdin):
    if row["name"] == sys.argv[1]:
        print(row["id"], row["version"])' "$package") || exit 3
        [ -n "$rows" ] || break
        printf '%s\n' "$rows"
        page=$((page + 1))
    done
}

case ${1-} in
fetch)
    mkdir -p "$2"
    found=$(versions)
    if [ -z "$found" ]; then
        echo "gitlab-ledger: no ledger kept yet" >&2
        exit 0
    fi
    printf '%s\n' "$found" | while read -r _ version; do
        # A version without its ledger is one whose upload was cut off: it holds logs alone.
        status=0
        ask --output "$2/.part" "$api/generic/$package/$version/ledger.sqlite" || status=$?
        case $status in
        0) mv "$2/.part" "$2/ledger-$version.sqlite" ;;
        22) rm -f "$2/.part"; echo "gitlab-ledger: $version has no ledger" >&2; continue ;;
        *) exit 3 ;;
        esac
        status=0
        ask --output "$2/.part" "$api/generic/$package/$version/logs.tar" || status=$?
        case $status in
        0) tar -xf "$2/.part" -C "$2" logs ;;
        22) ;; # a ledger may have no logs
        *) exit 3 ;;
        esac
        rm -f "$2/.part"
    done
    ;;
keep)
    if [ ! -e "$2" ]; then
        echo "gitlab-ledger: nothing was found out yet: no $2" >&2
        exit 0
    fi
    version=1.$CI_JOB_ID.0
    # First the logs: a ledger whose logs are not there yet would do without them.
    if [ -d "$(dirname "$2")/logs" ]; then
        logs=$(mktemp)
        tar -cf "$logs" -C "$(dirname "$2")" logs
        ask --output /dev/null --upload-file "$logs" "$api/generic/$package/$version/logs.tar"
        rm "$logs"
    fi
    ask --output /dev/null --upload-file "$2" "$api/generic/$package/$version/ledger.sqlite"
    found=$(versions)
    printf '%s\n' "$found" | while read -r id old; do
        if [ -n "$id" ] && [ "$old" != "$version" ] && [ -e "$3/ledger-$old.sqlite" ]; then
            ask --output /dev/null --request DELETE "$api/$id"
        fi
    done
    ;;
*)
    sed -n '3,16p' "$0" >&2
    exit 2
    ;;
esac
