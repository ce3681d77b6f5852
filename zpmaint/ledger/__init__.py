# SPDX-License-Identifier: GPL-2.0-only
"""The ledger: what was tried, with which inputs, and what came out. SQLite, WAL."""
