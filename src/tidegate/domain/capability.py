"""What a script may make use of, and where it is seen to."""

from enum import StrEnum

import msgspec


class Capability(StrEnum):
    """Something outside a script's own input and output."""

    NETWORK = "network"
    FILES = "files"
    PROCESSES = "processes"
    ENVIRONMENT = "environment"
    """Variables, and who and where it runs."""
    CODE = "code"
    """Code that is not in the script's text, so that anything else may be behind it."""


class Use(msgspec.Struct, frozen=True):
    """A script's use of a capability: its first by the name in `seen`; lines count from 1."""

    capability: Capability
    path: str
    line: int
    seen: str
