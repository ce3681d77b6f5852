# SPDX-License-Identifier: GPL-2.0-only
read -r one five fifteen tasks last < /proc/loadavg || exit 4
case $tasks in
*/*) echo "observed: slash" ;;
*:*) echo "observed: colon" ;;
esac
