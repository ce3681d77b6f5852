# SPDX-License-Identifier: GPL-2.0-only
"""The matrix as a pipeline of a CI service, written from one plan."""
