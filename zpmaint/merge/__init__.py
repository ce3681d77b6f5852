# SPDX-License-Identifier: GPL-2.0-only
"""Merging text: alignment, diff3, blocks, renames. Pure; knows no kernel."""
