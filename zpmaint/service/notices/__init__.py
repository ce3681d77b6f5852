# SPDX-License-Identifier: GPL-2.0-only
"""Word of what became otherwise, to whom kernels.toml names: once, and kept until it arrives."""
