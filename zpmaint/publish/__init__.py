# SPDX-License-Identifier: GPL-2.0-only
"""The status page: pages, status.json and the patch files, written from the ledger alone."""
