# SPDX-License-Identifier: GPL-2.0-only
"""`ltp`: programs of the Linux Test Project, out of a configured tree of it."""
