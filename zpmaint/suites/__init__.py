# SPDX-License-Identifier: GPL-2.0-only
"""What runs inside a guest: suites behind one protocol, and the C runtime that they share."""
