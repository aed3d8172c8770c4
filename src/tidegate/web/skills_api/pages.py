"""Lists in pages: a token says after which place in the order the next page begins, so that what is deleted
or added meanwhile neither repeats nor hides another.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Mapping, Sequence

import msgspec

from tidegate.domain.errors import InvalidInput

Place = tuple[float, str]
Shown = dict[str, object]

_PREFIX = "page_"
_MOST = 1000
_DIGITS = 9
"""Leading noughts included: of text without end none is a number."""


def page_of(items: Sequence[tuple[Place, Shown]], query: Mapping[str, str], *, beta: bool) -> Shown:
    """The page that a query asks for, of `items` in the order of their places; raises InvalidInput."""
    limit = _limit(query.get("limit") or "20")
    token = query.get("page")
    start = bisect_right([place for place, _ in items], _place(token)) if token else 0
    shown = items[start : start + limit]
    more = start + limit < len(items)
    following = _token(shown[-1][0]) if more else None
    document: Shown = {"data": [item for _, item in shown], "next_page": following}
    return document | {"has_more": more} if beta else document


def _limit(text: str) -> int:
    number = len(text) <= _DIGITS and text.isascii() and text.isdecimal()
    if not number or not 1 <= int(text) <= _MOST:
        raise InvalidInput(f"limit: {text[:20]!r} is not a number from 1 to {_MOST}")
    return int(text)


def _token(place: Place) -> str:
    return _PREFIX + urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _place(token: str) -> Place:
    try:
        return msgspec.json.decode(urlsafe_b64decode(token.removeprefix(_PREFIX)), type=Place)
    except ValueError:
        raise InvalidInput("page: no page token; pass `next_page` of an earlier answer as it is") from None
