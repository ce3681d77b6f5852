# SPDX-License-Identifier: GPL-2.0-only
"""Timelines: per patch set, kernel line, architecture and profile what is known of it, since when,
and how fresh that is. Attempts in, lines out; pure."""
