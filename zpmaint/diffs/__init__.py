# SPDX-License-Identifier: GPL-2.0-only
"""Unified diffs, mails and series: one reader, one writer."""
