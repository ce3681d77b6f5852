# SPDX-License-Identifier: GPL-2.0-only
"""Judging: what the guest said, against what each kernel of a pair has to say. No I/O here."""
