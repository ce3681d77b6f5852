# SPDX-License-Identifier: GPL-2.0-only
"""Where the lines of a change are in the kernel that runs: from source lines to addresses."""
