# SPDX-License-Identifier: GPL-2.0-only
"""The suite of the path that a page fault of anonymous memory takes, and what it measures there."""
