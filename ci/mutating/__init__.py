# SPDX-License-Identifier: GPL-2.0-only
"""What `ci/mutants` does: changes our own code in one place, and sees whether a test notices."""
