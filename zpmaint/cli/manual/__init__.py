# SPDX-License-Identifier: GPL-2.0-only
"""The reference of zpmaint, made of its code: man pages, and pages of docs/."""
