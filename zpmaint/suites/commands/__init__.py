# SPDX-License-Identifier: GPL-2.0-only
"""Programs of others in a guest: run one by one, and what they print counted (KTAP, LTP)."""
