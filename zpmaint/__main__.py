# SPDX-License-Identifier: GPL-2.0-only
"""python -m zpmaint"""

from zpmaint.cli.main import main

main()
