"""Loud skips for missing system parts."""

import os
from typing import NoReturn

import pytest


def require(part: str, install: str) -> NoReturn:
    """Skip loudly for a missing system part; with TIDEGATE_REQUIRE_ALL=1 that is a failure instead."""
    message = f"{part} is missing; to install it: {install}"
    if os.environ.get("TIDEGATE_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)
