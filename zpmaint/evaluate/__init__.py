# SPDX-License-Identifier: GPL-2.0-only
"""How well ports come out, measured against what maintainers made of the same patches."""
