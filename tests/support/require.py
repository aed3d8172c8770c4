"""Loud skips for missing system parts."""

import os
from pathlib import Path
from typing import NoReturn

import pytest


def require_open_files(pid: int) -> None:
    """Skip where this user may not look at the open files of a gateway, which keeps them private."""
    try:
        next(Path(f"/proc/{pid}/fd").iterdir(), None)
    except PermissionError:
        require("leave to read a gateway's /proc/PID/fd", "run the tests as root, or with CAP_SYS_PTRACE")


def require(part: str, install: str) -> NoReturn:
    """Skip loudly for a missing system part; with TIDEGATE_REQUIRE_ALL=1 that is a failure instead."""
    message = f"{part} is missing; to install it: {install}"
    if os.environ.get("TIDEGATE_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)
