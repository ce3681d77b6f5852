# SPDX-License-Identifier: GPL-2.0-only
"""`kselftest`: the selftests of the very kernel that is verified."""
