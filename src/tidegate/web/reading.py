"""What a connection is reading."""

from enum import Enum


class Reading(Enum):
    """What the connection is reading; answering goes on beside it."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    REFUSED = "refused"
