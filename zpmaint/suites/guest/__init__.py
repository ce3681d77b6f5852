# SPDX-License-Identifier: GPL-2.0-only
"""The runtime of a suite in C: /init, the result channel, helpers for cases; compiled on demand."""
