"""What a worker is given at its start: its place, and the descriptors it inherits."""

import msgspec


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """The last argument of a worker's command, as JSON.

    `listening`, `seats` and `line` are descriptors; `upstream` is an emulated provider's URL, or empty.
    """

    place: int
    listening: int
    seats: int
    line: int
    upstream: str = ""
