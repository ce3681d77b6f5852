# SPDX-License-Identifier: GPL-2.0-only
"""kbuild: a stock and a patched kernel from one tree, nothing built twice."""
