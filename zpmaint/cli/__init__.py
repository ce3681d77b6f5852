# SPDX-License-Identifier: GPL-2.0-only
"""The command line: one small file per command, arguments in, a table or JSON out."""
