# SPDX-License-Identifier: GPL-2.0-only
"""Secrets, which stand in no kernels.toml: in the environment, a file, or a credential of
systemd's."""

from __future__ import annotations

import os
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.service_table import ReceiverTable


def secret_of(table: ReceiverTable) -> str:
    """What [service] names as this receiver's secret; '' where it names none. Raises UserError
    where what it names is not there, or is empty."""
    found = ""
    if table.secret_env:
        found = os.environ.get(table.secret_env, "").strip()
        where = f"secret_env: {table.secret_env} is not set"
    elif table.secret_file:
        path = _path(table.secret_file)
        where = f"secret_file: {path}: is empty"
        try:
            found = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            cause = getattr(error, "strerror", None) or "is no text"
            where = f"secret_file: {path}: {cause}"
    else:
        return ""
    if not found:
        raise UserError(f"receiver {table.name}: {where}", "put the secret there")
    return found


def _path(named: str) -> Path:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(credentials, named) if credentials and "/" not in named else Path(named)
