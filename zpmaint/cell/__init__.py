# SPDX-License-Identifier: GPL-2.0-only
"""The cell: where everything foreign runs, with nothing to read, write or reach but its own."""
