# SPDX-License-Identifier: GPL-2.0-only
"""Porting: from an anchor, the base's blobs and the target's blobs to a Port. No I/O here."""
