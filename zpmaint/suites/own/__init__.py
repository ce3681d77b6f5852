# SPDX-License-Identifier: GPL-2.0-only
"""`own`: the cases that a patch set brings, in C or as scripts."""
