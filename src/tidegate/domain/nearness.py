"""How near a text is to a skill's examples: cosine of weighed terms, the mean over the nearest few.

What single examples know and their sum does not is which words are said together. Terms are weighed by
inverse document frequency over all examples and everyday requests (Salton and Buckley, "Term-weighting
approaches in automatic text retrieval", 1988).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from math import log, sqrt

from tidegate.domain.everyday_requests import everyday_requests
from tidegate.domain.sums import LARGEST, KeyedSums

NEAREST = 3
"""So many examples must be near: one alone may be so by chance."""

NEARNESS_WEIGHT = 30.0
"""What a cosine of one counts, in natural logarithms of a likelihood."""

PAIR_WEIGHT = 0.5
"""What a pair of neighbouring words counts: its words count besides."""

_SCALE = 128
"""A cosine's parts are whole 128ths: those of an example of 300 characters fit a place of the sums."""

Keys = Collection[int]
"""A text's terms, each as a number."""


class Nearness:
    """The examples of each skill, and the everyday requests, by term."""

    def __init__(
        self,
        examples: Sequence[Iterable[str]],
        keys_of: Callable[[str], Keys],
        is_pair: Callable[[int], bool],
    ) -> None:
        skills = [[keys_of(each) for each in requests] for requests in examples]
        everyday = [keys_of(each) for each in everyday_requests()]
        having = Counter(chain.from_iterable(chain(everyday, *skills)))
        whole = len(everyday) + sum(map(len, skills))
        self._weights = {
            key: (log(whole / count) * (PAIR_WEIGHT if is_pair(key) else 1.0)) ** 2
            for key, count in having.items()
        }
        self._everyday = _Samples(everyday, self._weights)
        self._skills = [_Samples(each, self._weights) for each in skills]

    def to(self, keys: Keys) -> Callable[[int], float]:
        """By place, how much nearer to the skill's examples a text of these terms is than to everyday."""
        length = sqrt(sum(filter(None, map(self._weights.get, keys)))) or 1.0
        everyday = self._everyday.nearest(keys)
        return lambda place: NEARNESS_WEIGHT * (self._skills[place].nearest(keys) - everyday) / length


class _Samples:
    """Some texts, by term."""

    def __init__(self, texts: Sequence[Keys], weights: Mapping[int, float]) -> None:
        rows: dict[int, list[tuple[int, int]]] = {}
        for place, keys in enumerate(texts):
            length = sqrt(sum(weights[key] for key in keys)) or 1.0
            scale = min(_SCALE, LARGEST / (length + len(keys))) / length
            for key in keys:
                rows.setdefault(key, []).append((place, int(weights[key] * scale)))
        self._sums = KeyedSums(len(texts), rows)
        self._mean_of = min(NEAREST, len(texts)) or 1

    def nearest(self, keys: Keys) -> float:
        """The mean of the largest products, each to be divided by the length of what is compared."""
        return sum(sorted(self._sums.of(keys))[-NEAREST:]) / self._mean_of / _SCALE
