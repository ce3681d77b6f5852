# SPDX-License-Identifier: GPL-2.0-only
"""The service: commands run on a schedule, the pages over HTTP, word of what became otherwise."""
