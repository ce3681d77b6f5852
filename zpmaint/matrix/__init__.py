# SPDX-License-Identifier: GPL-2.0-only
"""The matrix: which kernels are due, in what order, and what is new upstream."""
