# SPDX-License-Identifier: GPL-2.0-only
"""The way of a version through the rooms: source, port, pair, run, verdict, ledger."""
