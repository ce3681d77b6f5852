# SPDX-License-Identifier: GPL-2.0-only
"""Patches as their keepers hold them: the set in patches/, its anchors, its intent."""
