# SPDX-License-Identifier: GPL-2.0-only
"""What `ci/release` makes: sdist, wheel, Debian package, bill of materials, each the same bytes
from the same commit."""
