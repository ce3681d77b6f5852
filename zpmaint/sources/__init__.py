# SPDX-License-Identifier: GPL-2.0-only
"""Where the bytes of a kernel come from: a git repository, kernel.org, Debian, a folder."""
