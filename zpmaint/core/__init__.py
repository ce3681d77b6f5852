# SPDX-License-Identifier: GPL-2.0-only
"""What every room stands on: names of kernels, errors, files, progress; no room of its own."""
