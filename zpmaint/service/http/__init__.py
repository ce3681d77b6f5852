# SPDX-License-Identifier: GPL-2.0-only
"""A small server of plain files: what is asked (pure), what is answered (pure), and the sockets."""
