"""JSON bodies of what Tidegate adds to the Skills API."""

from typing import TypeVar

import msgspec

from tidegate.domain.errors import InvalidInput

T = TypeVar("T")


def read_body(body: bytes, kind: type[T]) -> T:
    """The body as that struct; raises InvalidInput."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise InvalidInput(f"the body is not what is taken here: {wrong}") from None
