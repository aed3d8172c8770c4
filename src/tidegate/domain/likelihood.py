"""Ranking by example requests: how much likelier a text is as a request for a skill than as an everyday one.

A skill's requests are taken as drawn from a smoothed model of words and pairs of neighbouring words
(Jelinek-Mercer: Zhai and Lafferty, "A Study of Smoothing Methods for Language Models", 2004), learned from
its examples, name, keywords and description. Shares are by words, not by requests, so that a skill's examples
may be of any length. A term then counts log(1 + own share / (SMOOTHING x general share)), and what it counts
in everyday requests is taken off. All is added up when a catalogue is compiled: a text costs look-ups and
additions.
"""

from array import array
from bisect import bisect_left, bisect_right
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
    OURS_WEIGHT,
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
from tidegate.domain.words import common_terms, is_ours, term, tokens

SMOOTHING = 1.0
"""What the general share of a term weighs against a skill's own: the larger, the less one example says."""

LEAST_SHARE = 1e-3
"""A term's general share, at least: what nobody else says is not infinitely telling."""

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

_FEW = 16
"""Terms of so many skills are kept as pairs of place and weight; a row for 500 skills takes a kilobyte.

Reading so many pairs costs what adding such a row does.
"""

_PACKED, _BYTES = "H", 4
"""Such a pair has two bytes for each."""

_LEFT = 1 << 24
"""In the key of a pair the left word lies above the right."""

WORDS_OF_A_REQUEST = 12
"""Work comes with its circumstances; a text of fewer words is more often a quick question: it counts less.

A share is of so many words, too: of each request, long ones would have a larger share of every word.
"""

CHOSEN_FROM = 6.8
"""How much likelier a chosen text is as the skill's than as an everyday request, in natural logarithms.

Of everyday requests of twelve words and more that were not learned, nor any written beside them, 98.5 %
stay below; of all 99.5 %.
"""

_PER_NAT = THRESHOLD / CHOSEN_FROM
"""From such logarithms to a score that chooses from the same threshold on as one by words."""


class LikelihoodIndex:
    """The terms of a catalogue's skills, each with what it says for them and for an everyday request."""

    near_best = NEAR_BEST

    def __init__(self, skills: Iterable[Description], *, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        known = sorted(skills, key=lambda each: each.name)
        self._skills = {each.name: each for each in known}
        self._names = [each.name for each in known]
        weights, everyday = _weights(known)
        rows = {found: row for row, found in enumerate(weights, start=1)}
        self._words = _Words({found: row for found, row in rows.items() if " " not in found})
        self._pairs = {self._words.key(found): row for found, row in rows.items() if " " in found}
        self._ours = self._words.ours()
        packed = [b"", *weights.values()]  # row 0 is that of no term
        few = bisect_right(packed, _FEW * _BYTES, key=len)
        self._few = packed[:few]
        self._sums = Sums(len(known), map(_pairs_of, packed[few:]))
        self._everyday = bytes([0, *everyday.values()])
        pairs = {*self._pairs.values()}
        self._nearness = Nearness(
            [each.examples for each in known], self._keys, pairs.__contains__, len(rows)
        )
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
        place, own = self._names.index(name), _of_skill(self._skills[name], _word)
        spelt, (rows, counts) = self._spelt(text), self._read(text)
        near = self._nearness.to(rows[:COMPARED_AT_MOST])(place)
        parts = [("(nearest)", "examples", near)]
        for row in rows[:TERMS_AT_MOST]:
            word, found = spelt[row]
            by_field = {field: each[found] for field, each in own.items() if found in each}
            weight = self._at(row, place) / _SCALE / (sum(by_field.values()) or 1)
            parts += [(word, field, weight * count) for field, count in by_field.items()]
            parts.append((word, "everyday", -self._everyday[row] / _SCALE))
        scores = [
            TermScore(word, field, round(part * counts * _PER_NAT, 3)) for word, field, part in parts if part
        ]
        return sorted(scores, key=lambda part: (-part.score, part.word, part.field))

    def _read(self, text: str) -> tuple[Sequence[int], float]:
        """The rows of a text's words, and of each with the one after it, those of the fewest skills first.

        And what its scores count: less where it is short, more where it speaks for a group.
        """
        words = list(map(self._words.__getitem__, tokens(_read_of(text))))
        pairs = map(add, map(_LEFT.__mul__, words), words[1:])
        rows = {*words, *map(self._pairs.get, pairs, repeat(0))}
        rows.discard(0)
        counts = min(1.0, len(words) / WORDS_OF_A_REQUEST)
        return sorted(rows), counts if self._ours.isdisjoint(words) else counts * OURS_WEIGHT

    def _keys(self, text: str) -> Sequence[int]:
        return self._read(text)[0]

    def _summed(self, rows: Sequence[int]) -> Sequence[int]:
        """By place, what these rows add up to."""
        few = bisect_left(rows, len(self._few))
        sums = list(self._sums.of([row - len(self._few) for row in rows[few:]]))
        for place, weight in _pairs_of(b"".join(map(self._few.__getitem__, rows[:few]))):
            sums[place] += weight
        return sums

    def _at(self, row: int, place: int) -> int:
        """What one row says for a place."""
        if row >= len(self._few):
            return self._sums.at(row - len(self._few), place)
        return dict(_pairs_of(self._few[row])).get(place, 0)

    def _spelt(self, text: str) -> Mapping[int, tuple[str, str]]:
        """By row, the words as the text has them, and the term they are."""
        spoken = tokens(_read_of(text))
        spelt = [*zip(spoken, map(_word, spoken), strict=True)]
        spelt += [(f"{left} {right}", f"{_word(left)} {_word(right)}") for left, right in pairwise(spoken)]
        return {self._row(found): (word, found) for word, found in reversed(spelt)}

    def _row(self, found: str) -> int:
        """The row of a term, 0 where it is not known."""
        key = self._words.key(found)
        return self._pairs.get(key, 0) if " " in found else key


def _read_of(text: str) -> str:
    return text if len(text) <= OPENING + CLOSING else f"{text[:OPENING]} {text[-CLOSING:]}"


def _packed(weights: Mapping[int, int]) -> bytes:
    return array(_PACKED, chain.from_iterable(weights.items())).tobytes()


def _pairs_of(rows: bytes) -> Iterable[tuple[int, int]]:
    flat = memoryview(rows).cast(_PACKED).tolist()
    return zip(flat[::2], flat[1::2], strict=True)


def _best_first(each: tuple[float, str]) -> tuple[float, str]:
    return -each[0], each[1]


class _Words(dict[str, int]):
    """By token, the row of its word; 0 for one that nobody says. Bounded, since the same come again."""

    def __init__(self, by_word: Mapping[str, int]) -> None:
        super().__init__()
        self._by_word = by_word
        self._kept: Mapping[str, int] | None = None

    def __missing__(self, token: str) -> int:
        if self._kept is not None and len(self) >= len(self._kept) + TOKENS_KEPT:
            self.clear()
            self.update(self._kept)  # else the next texts would pay for all the usual words at once
        row = self[token] = self._by_word.get(_word(token), 0)
        return row

    def keep(self) -> None:
        """From now on forget all but what is known so far: the tokens of the catalogue."""
        self._kept = dict(self)

    def ours(self) -> frozenset[int]:
        """The rows of words that speak for a group."""
        return frozenset(row for word, row in self._by_word.items() if is_ours(word.lstrip("'")))

    def key(self, found: str) -> int:
        """Of a word its row, of a pair those of both; 0 where it is not known."""
        left, _, right = found.partition(" ")
        if not right:
            return self._by_word.get(left, 0)
        return self._by_word.get(left, 0) * _LEFT + self._by_word.get(right, 0)


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


def _weights(skills: Sequence[Description]) -> tuple[Mapping[str, bytes], Mapping[str, int]]:
    """By term, that of the fewest skills first, what it says for each that has it; and for everyday.

    Counts are given up term by term, and nothing is kept by field: memory that is used once stays taken.
    """
    everyday, ordinary = _of_everyday(), _requests_in(everyday_requests())
    requests = [_requests_in(each.examples) for each in skills]
    everyone = sum(requests) + ordinary
    counts = _by_term(skills, everyday)
    weights: dict[str, bytes] = {}
    usual: dict[str, int] = {}
    for found in sorted(counts, key=lambda each: (len(counts[each]), each)):
        having = counts.pop(found)
        whole = sum((count for _, count in having), float(everyday[found]))
        general, factor = SMOOTHING * max(whole / everyone, LEAST_SHARE), _factor(found)
        weights[found] = _packed(
            {place: _weight(factor, count / requests[place] / general) for place, count in having}
        )
        usual[found] = _weight(factor, everyday[found] / ordinary / general)
    return weights, usual


def _requests_in(texts: Iterable[str]) -> float:
    """How many requests of WORDS_OF_A_REQUEST words the texts are, by all their words."""
    return max(1.0, sum(len(tokens(each)) for each in texts) / WORDS_OF_A_REQUEST)


def _weight(factor: float, ratio: float) -> int:
    return min(_MOST, round(_SCALE * factor * log(1 + ratio)))


def _by_term(skills: Sequence[Description], everyday: Iterable[str]) -> dict[str, list[tuple[int, float]]]:
    """The places of the skills that have each term, with how often they do."""
    word_of = cache(_word)
    counts: dict[str, list[tuple[int, float]]] = {found: [] for found in everyday}
    for place, each in enumerate(skills):
        for found, count in _summed(_of_skill(each, word_of).values()).items():
            counts.setdefault(found, []).append((place, count))
    return counts


def _factor(found: str) -> float:
    if " " in found:
        silent = all(word[:1] in ("'", "#") for word in found.split(" "))
        return PAIR_WEIGHT * (FUNCTION_WEIGHT if silent else 1.0)
    if found[:1] in ("'", "#"):
        return FUNCTION_WEIGHT
    return COMMON_WEIGHT if found in common_terms() else 1.0
