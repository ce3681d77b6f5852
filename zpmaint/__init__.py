# SPDX-License-Identifier: GPL-2.0-only
"""zpmaint keeps out-of-tree Linux kernel patches alive.

It ports a patch onto each kernel, builds the kernel stock and patched, boots both, runs a
fault-path suite and a memory benchmark, and publishes what came out.
"""

__version__ = "0.1.0"
