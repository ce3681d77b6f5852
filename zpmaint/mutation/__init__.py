# SPDX-License-Identifier: GPL-2.0-only
"""How good the suite is: bugs planted one by one, and the cases that notice them."""
