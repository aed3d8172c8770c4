"""Ranking by example requests: how much likelier a text is as a request for a skill than as an everyday one.

A skill's requests are taken as drawn from a smoothed model of words and pairs of neighbouring words
(Jelinek-Mercer: Zhai and Lafferty, "A Study of Smoothing Methods for Language Models", 2004), learned from
its examples, name, keywords and description. A term then counts log(1 + own share / (SMOOTHING x general
share)), and what it counts in everyday requests is taken off. All is added up when a catalogue is compiled:
a text costs look-ups and additions.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from heapq import nlargest
from itertools import chain, pairwise, repeat
from math import log
from operator import add

from tidegate.domain.everyday_requests import everyday_requests
from tidegate.domain.lexical import (
    FIELDS,
    THRESHOLD,
    TOKENS_KEPT,
    Description,
    Ranked,
    TermScore,
    best_of,
    purpose,
)
from tidegate.domain.nearness import Nearness
from tidegate.domain.sums import Sums
from tidegate.domain.words import common_terms, term, tokens

SMOOTHING = 1.0
"""What the general share of a term weighs against a skill's own: the larger, the less one example says."""

LEAST_SHARE = 1e-3
"""Requests that have a term, at least, as a share: what nobody else says is not infinitely telling."""

FUNCTION_WEIGHT = 0.5
"""What "how", "we" and "before" count; who asks for a fact asks in other words than who has work."""

COMMON_WEIGHT = 0.7
"""What an everyday word counts of what another does."""

PAIR_WEIGHT = 0.5
"""What a pair of neighbouring words counts: its words count besides."""

CANDIDATES = 3
"""The likeliest skills of a text, and those that tie, are looked at closer: how near it is to examples."""

OPENING, CLOSING = 512, 256
"""Characters of a text that are read: a request is shorter, and comes before or after what is pasted."""

NEAR_BEST = 0.7
"""Of a text's best score, the share that a further skill needs."""

TERMS_AT_MOST = 96
"""Terms of a text that count, those of the fewest skills first."""

COMPARED_AT_MOST = 48
"""How many of them are compared with those of single examples."""

_SCALE = 16
_MOST = 255
"""Weights are whole sixteenths of a natural logarithm up to a bound: 96 of them fit a place of the sums."""

_FEW = 4
"""Terms of so many skills are kept as pairs of place and weight; a row for 500 skills takes a kilobyte."""

_PLACE = 16
_WEIGHT = (1 << _PLACE) - 1
_LEFT = 1 << 24
"""Places lie above weights, and in the key of a pair the left word above the right."""

WORDS_OF_A_REQUEST = 12
"""Work comes with its circumstances; a text of fewer words is more often a quick question: it counts less."""

CHOSEN_FROM = 5.2
"""How much likelier a chosen text is as the skill's than as an everyday request, in natural logarithms.

Of everyday requests that were not learned 98.8 % stay below. On 32 texts 95 % is kept nine times of ten
only where the true share is 98.4 % or more.
"""

_PER_NAT = THRESHOLD / CHOSEN_FROM
"""From such logarithms to a score that chooses from the same threshold on as one by words."""


class LikelihoodIndex:
    """The terms of a catalogue's skills, each with what it says for them and for an everyday request."""

    near_best = NEAR_BEST

    def __init__(self, skills: Iterable[Description], *, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        known = sorted(skills, key=lambda each: each.name)
        word_of = cache(_word)
        self._names = [each.name for each in known]
        self._counts = [_of_skill(each, word_of) for each in known]
        weights, everyday = _weights(self._counts, [len(each.examples) or 1 for each in known])
        self._words = _Words({word for found in weights for word in found.split(" ")})
        few = [found for found, by_place in weights.items() if len(by_place) <= _FEW]
        many = [found for found, by_place in weights.items() if len(by_place) > _FEW]
        self._pairs = {self._words.key(found): row for row, found in enumerate([*few, *many], start=1)}
        self._singles = [self._pairs.pop(number, 0) for number in range(self._words.numbers)]
        self._few = [
            (),  # row 0 is that of no term
            *(tuple(place << _PLACE | weight for place, weight in weights[each].items()) for each in few),
        ]
        self._sums = Sums(len(known), (weights[each].items() for each in many))
        self._everyday = [0, *(everyday.get(found, 0) for found in [*few, *many])]
        pairs = {*self._pairs.values()}
        self._nearness = Nearness([each.examples for each in known], self._keys, pairs.__contains__)
        self._words.keep()

    def choose(self, text: str) -> Sequence[Ranked]:
        """The skills that the text chooses, best first: from the threshold on, and near the best."""
        return best_of(self.rank(text), self.threshold, self.near_best)

    def rank(self, text: str) -> Sequence[Ranked]:
        """The CANDIDATES likeliest skills that have a score, best first; names break ties."""
        rows, counts = self._read(text)
        near = self._nearness.to(rows[:COMPARED_AT_MOST])
        counted = rows[:TERMS_AT_MOST]
        sums = self._summed(counted)
        everyday = sum(map(self._everyday.__getitem__, counted))
        least = max(1, nlargest(CANDIDATES, sums)[-1])
        scores = [
            (round(((each - everyday) / _SCALE + near(place)) * counts * _PER_NAT, 3), self._names[place])
            for place, each in enumerate(sums)
            if each >= least
        ]
        return [Ranked(name, score) for score, name in sorted(scores, key=_best_first) if score > 0]

    def explain(self, text: str, name: str) -> Sequence[TermScore]:
        """What each term adds to a skill's score, the most first, by field; `everyday` is taken off.

        `(nearest)` is how much nearer the text is to the skill's examples than to everyday requests.
        """
        if name not in self._names:
            return ()
        place = self._names.index(name)
        spelt, (rows, counts) = self._spelt(text), self._read(text)
        near = self._nearness.to(rows[:COMPARED_AT_MOST])(place)
        parts = [("(nearest)", "examples", near)]
        for row in rows[:TERMS_AT_MOST]:
            word, found = spelt[row]
            by_field = {field: each[found] for field, each in self._counts[place].items() if found in each}
            weight = self._at(row, place) / _SCALE / (sum(by_field.values()) or 1)
            parts += [(word, field, weight * count) for field, count in by_field.items()]
            parts.append((word, "everyday", -self._everyday[row] / _SCALE))
        scores = [
            TermScore(word, field, round(part * counts * _PER_NAT, 3)) for word, field, part in parts if part
        ]
        return sorted(scores, key=lambda part: (-part.score, part.word, part.field))

    def _read(self, text: str) -> tuple[Sequence[int], float]:
        """The rows of a text's words, and of each with the one after it, those of the fewest skills first.

        And what its scores count: less where it is short.
        """
        if len(text) > OPENING + CLOSING:
            text = f"{text[:OPENING]} {text[-CLOSING:]}"
        words = list(map(self._words.__getitem__, tokens(text)))
        pairs = map(add, map(_LEFT.__mul__, words), words[1:])
        rows = {*map(self._singles.__getitem__, words), *map(self._pairs.get, pairs, repeat(0))}
        rows.discard(0)
        return sorted(rows), min(1.0, len(words) / WORDS_OF_A_REQUEST)

    def _keys(self, text: str) -> Sequence[int]:
        return self._read(text)[0]

    def _summed(self, rows: Sequence[int]) -> Sequence[int]:
        """By place, what these rows add up to."""
        few = bisect_left(rows, len(self._few))
        sums = list(self._sums.of([row - len(self._few) for row in rows[few:]]))
        for packed in chain.from_iterable(map(self._few.__getitem__, rows[:few])):
            sums[packed >> _PLACE] += packed & _WEIGHT
        return sums

    def _at(self, row: int, place: int) -> int:
        """What one row says for a place."""
        if row >= len(self._few):
            return self._sums.at(row - len(self._few), place)
        return {each >> _PLACE: each & _WEIGHT for each in self._few[row]}.get(place, 0)

    def _spelt(self, text: str) -> Mapping[int, tuple[str, str]]:
        """By row, the words as the text has them, and the term they are."""
        spoken = tokens(text)
        spelt = [*zip(spoken, map(_word, spoken), strict=True)]
        spelt += [(f"{left} {right}", f"{_word(left)} {_word(right)}") for left, right in pairwise(spoken)]
        return {self._row(found): (word, found) for word, found in reversed(spelt)}

    def _row(self, found: str) -> int:
        """The row of a term, 0 where it is not known."""
        key = self._words.key(found)
        return self._pairs.get(key, 0) if key >= _LEFT else self._singles[key]


def _best_first(each: tuple[float, str]) -> tuple[float, str]:
    return -each[0], each[1]


class _Words(dict[str, int]):
    """By token, the number of its word; 0 for one that nobody says. Bounded, since the same come again."""

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__()
        self._numbers = {word: number for number, word in enumerate(sorted(words), start=1)}
        self.numbers = len(self._numbers) + 1
        self._kept: Mapping[str, int] | None = None

    def __missing__(self, token: str) -> int:
        if self._kept is not None and len(self) >= len(self._kept) + TOKENS_KEPT:
            self.clear()
            self.update(self._kept)  # else the next texts would pay for all the usual words at once
        number = self[token] = self._numbers.get(_word(token), 0)
        return number

    def keep(self) -> None:
        """From now on forget all but what is known so far: the tokens of the catalogue."""
        self._kept = dict(self)

    def key(self, found: str) -> int:
        """Of a word its number, of a pair both; 0 where it is not known."""
        left, _, right = found.partition(" ")
        if not right:
            return self._numbers.get(left, 0)
        return self._numbers.get(left, 0) * _LEFT + self._numbers.get(right, 0)


_Counts = Mapping[str, Mapping[str, float]]
"""By field, in how many of its texts a term is, times the field's weight."""


def _word(token: str) -> str:
    """A term, or a function word by itself; all short numbers are one word."""
    return term(token) or ("#" if token.isdecimal() else f"'{token}")


def _terms(text: str, word_of: Callable[[str], str] = _word) -> Iterable[str]:
    words = [word_of(token) for token in tokens(text)]
    return [*words, *(f"{left} {right}" for left, right in pairwise(words))]


def _of_skill(skill: Description, word_of: Callable[[str], str]) -> _Counts:
    texts = {
        "name": skill.name,
        "keywords": " ".join(skill.keywords),
        "description": purpose(skill.description),
    }
    counts: dict[str, Mapping[str, float]] = {
        field: {found: n * FIELDS[field].weight for found, n in Counter(_terms(text, word_of)).items()}
        for field, text in texts.items()
    }
    return {**counts, "examples": Counter(_terms_of_each(skill.examples, word_of))}


def _terms_of_each(requests: Iterable[str], word_of: Callable[[str], str]) -> Iterable[str]:
    return (found for each in requests for found in set(_terms(each, word_of)))


@cache
def _of_everyday() -> Counter[str]:
    return Counter(_terms_of_each(everyday_requests(), cache(_word)))


def _summed(counts: Iterable[Mapping[str, float]]) -> Mapping[str, float]:
    whole: dict[str, float] = {}
    for each in counts:
        for found, count in each.items():
            whole[found] = whole.get(found, 0.0) + count
    return whole


_Weights = dict[str, dict[int, int]]


def _weights(skills: Sequence[_Counts], requests: Sequence[int]) -> tuple[_Weights, dict[str, int]]:
    """By term, that of the fewest skills first, what it says for each that has it; and for everyday."""
    everyday, ordinary = _of_everyday(), len(everyday_requests())
    totals = [_summed(counts.values()) for counts in skills]
    whole = _summed([everyday, *totals])
    everyone = sum(requests) + ordinary
    factor = cache(_factor)

    def weight(found: str, share: float) -> int:
        general = SMOOTHING * max(whole[found] / everyone, LEAST_SHARE)
        return min(_MOST, round(_SCALE * factor(found) * log(1 + share / general)))

    weights: _Weights = {found: {} for found in everyday}
    for place, (counts, texts) in enumerate(zip(totals, requests, strict=True)):
        for found, count in counts.items():
            weights.setdefault(found, {})[place] = weight(found, count / texts)
    ordered = dict(sorted(weights.items(), key=lambda each: (len(each[1]), each[0])))
    return ordered, {found: weight(found, count / ordinary) for found, count in everyday.items()}


def _factor(found: str) -> float:
    if " " in found:
        silent = all(word[:1] in ("'", "#") for word in found.split(" "))
        return PAIR_WEIGHT * (FUNCTION_WEIGHT if silent else 1.0)
    if found[:1] in ("'", "#"):
        return FUNCTION_WEIGHT
    return COMMON_WEIGHT if found in common_terms() else 1.0
