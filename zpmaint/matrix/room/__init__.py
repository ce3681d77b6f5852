# SPDX-License-Identifier: GPL-2.0-only
"""Room in the cache: what each thing in it is worth, and what goes first. Pure."""
