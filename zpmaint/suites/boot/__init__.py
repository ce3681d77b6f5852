# SPDX-License-Identifier: GPL-2.0-only
"""`boot`: the kernel comes up, runs init and a process, and complains of nothing."""
