"""How near a text is to a skill's examples: cosine of weighed terms, the mean over the nearest few.

What single examples know and their sum does not is which words are said together. Terms are weighed by
inverse document frequency over all examples and everyday requests (Salton and Buckley, "Term-weighting
approaches in automatic text retrieval", 1988).
"""

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from math import log, sqrt

from tidegate.domain.everyday_requests import everyday_requests

NEAREST = 3
"""So many examples must be near: one alone may be so by chance."""

NEARNESS_WEIGHT = 20.0
"""What a cosine of one counts, in natural logarithms of a likelihood."""

PAIR_WEIGHT = 0.5
"""What a pair of neighbouring words counts: its words count besides."""

SAID_BY_AT_MOST = 0.06
"""Of everyday requests, the share that may have a term: what more of them say makes no two texts alike."""

_SCALE = 128
"""A cosine's parts are whole 128ths."""

_PACKED = "H"
"""A row is the places of its examples, each with its part of a product, in two bytes each: half of what
tuples take, and those of a text are joined and read at once.
"""

Keys = Collection[int]
"""A text's terms, each as a number from 1 on."""


class Nearness:
    """The examples of each skill, and the everyday requests, by term."""

    def __init__(
        self,
        examples: Sequence[Iterable[str]],
        keys_of: Callable[[str], Keys],
        is_pair: Callable[[int], bool],
        terms: int,
    ) -> None:
        """`terms`: the largest number that a text's term may have."""
        skills = [[keys_of(each) for each in requests] for requests in examples]
        everyday = [keys_of(each) for each in everyday_requests()]
        ordinary = Counter(chain.from_iterable(everyday))
        having = ordinary + Counter(chain.from_iterable(chain.from_iterable(skills)))
        whole = len(everyday) + sum(map(len, skills))
        self._weights = array("d", bytes(8 * (terms + 1)))
        for key, count in having.items():
            if ordinary[key] <= SAID_BY_AT_MOST * len(everyday):
                self._weights[key] = (log(whole / count) * (PAIR_WEIGHT if is_pair(key) else 1.0)) ** 2
        self._everyday = _Samples(everyday, self._weights)
        self._skills = [_Samples(each, self._weights) for each in skills]

    def to(self, keys: Keys) -> Callable[[int], float]:
        """By place, how much nearer to the skill's examples a text of these terms is than to everyday."""
        known = list(filter(self._weights.__getitem__, keys))
        length = sqrt(sum(map(self._weights.__getitem__, known))) or 1.0
        everyday = self._everyday.nearest(known)
        return lambda place: NEARNESS_WEIGHT * (self._skills[place].nearest(known) - everyday) / length


class _Samples:
    """Some texts, by term; most terms are in few of them."""

    def __init__(self, texts: Sequence[Keys], weights: Sequence[float]) -> None:
        rows: dict[int, list[int]] = {}
        for place, keys in enumerate(texts):
            known = {key: weights[key] for key in keys if weights[key]}
            length = sqrt(sum(known.values())) or 1.0
            for key, weight in known.items():
                rows.setdefault(key, []).extend((place, int(weight * _SCALE / length)))
        self._rows = {key: array(_PACKED, row).tobytes() for key, row in rows.items()}
        self._mean_of = min(NEAREST, len(texts)) or 1

    def nearest(self, keys: Keys) -> float:
        """The mean of the largest products, each to be divided by the length of what is compared."""
        found = memoryview(b"".join(filter(None, map(self._rows.get, keys)))).cast(_PACKED).tolist()
        products: dict[int, int] = {}
        so_far = products.get
        for place, part in zip(found[::2], found[1::2], strict=True):
            products[place] = so_far(place, 0) + part
        return sum(sorted(products.values())[-NEAREST:]) / self._mean_of / _SCALE
