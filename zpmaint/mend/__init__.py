# SPDX-License-Identifier: GPL-2.0-only
"""Mending a posting that a web page or a mailer damaged."""
