"""Lexical ranking: which skills' descriptions share words with a text, by BM25F on an inverted index.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.6: fields
are weighed before saturation. Inverse document frequency is divided by that of a word which one skill alone
has, so that scores mean the same in a catalogue of one skill and of 500: such a word, once in a
description of mean length, counts 1, and never more than 1.8.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import log

import msgspec

from tidegate.domain.sums import Sums
from tidegate.domain.words import LONGEST, common_terms, is_ours, term, tokens

THRESHOLD = 1.5
"""Scores below it choose nothing; a word that one skill alone has is worth up to 1.8."""

NEAR_BEST = 0.7
"""Of a text's best score, the share that a further skill needs."""

AT_MOST = 3
"""Skills of one text."""

SATURATION = 0.8
"""BM25's k1: how soon a word said again counts no more."""

COMMON_WEIGHT = 0.7
"""What an everyday word counts of what another does."""

OPENING_BYTES = 1_024
CLOSING_BYTES = 512
"""What is looked at of a text, in UTF-8: people ask before or after what they paste."""

TOKENS_KEPT = 16_384
"""Tokens whose terms an index remembers, since the same words come again."""

WORDS_OF_A_REQUEST = 10
"""A text of fewer words, function words aside, is more often a quick question than work: it counts less."""

OURS_WEIGHT = 1.2
"""What scores count in a text that speaks for a group ("our contract"): it is seldom a mere question."""

WORDS_AT_MOST = 64
"""Words of a text that count, the rarest first: a long text has many that happen to be in descriptions."""

_SCALE = 100
"""Impacts are whole hundredths: sums do not depend on the order of adding, nor on the machine."""

_SILENT, _UNKNOWN, _OURS, _KNOWN = 0, 1, 2, 3
"""Rows of words that say nothing, that no skill has, that speak for a group; the first that a skill has."""


class Field(msgspec.Struct, frozen=True):
    """A field's weight, and how far its length counts against it (BM25's b: 0 not at all, 1 in full)."""

    weight: float
    length: float


FIELDS: Mapping[str, Field] = {
    "name": Field(2.0, 0.0),
    "keywords": Field(1.5, 0.0),
    "description": Field(1.0, 0.75),
}


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the ranking knows of a skill."""

    name: str
    description: str
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    """Requests for the skill in users' words."""


class Ranked(msgspec.Struct, frozen=True):
    """A skill and its score for one text."""

    name: str
    score: float


def best_of(ranked: Sequence[Ranked], threshold: float, near_best: float) -> Sequence[Ranked]:
    """Those of a text's ranking, best first, that it chooses."""
    least = max(threshold, ranked[0].score * near_best) if ranked else 0.0
    return [each for each in ranked[:AT_MOST] if each.score >= least]


class TermScore(msgspec.Struct, frozen=True):
    """A word's part in a score: the field it is in, the word as the text has it, and what it adds."""

    word: str
    field: str
    score: float


class LexicalIndex:
    """The words of a catalogue's skills, each with the skills that have it and what it adds to their score.

    Built once for a catalogue. A text costs a look-up a word and one addition for each that is known.
    """

    def __init__(self, skills: Iterable[Description], *, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        known = sorted(skills, key=lambda each: each.name)
        self._names = [each.name for each in known]
        term_of = cache(term)
        self._weights = _field_weights([_fields(each, term_of) for each in known])
        impacts = _impacts(self._weights)
        self._rows = _Rows({found: row for row, found in enumerate(impacts, start=_KNOWN)})
        self._sums = Sums(len(known), [*[()] * _KNOWN, *(each.items() for each in impacts.values())])
        self._most = [*[0] * _KNOWN, *(max(each.values()) for each in impacts.values())]

    def choose(self, text: str) -> Sequence[Ranked]:
        """The skills that the text chooses, best first: from the threshold on, and near the best."""
        read = self._read(text)
        least = int(self.threshold * _SCALE / read.weight)
        if sum(map(self._most.__getitem__, read.rows)) < least:
            return ()
        near_best = 0.0 if read.is_short else NEAR_BEST
        scores = self._sums.reaching(read.rows, least=least, near_best=near_best)
        return best_of(self._ranked(scores, read, AT_MOST), self.threshold, NEAR_BEST) if scores else ()

    def rank(self, text: str) -> Sequence[Ranked]:
        """Every skill that shares a word with the text, best first; names break ties."""
        read = self._read(text)
        scores = {place: score for place, score in enumerate(self._sums.of(read.rows)) if score}
        return self._ranked(scores, read, None)

    def explain(self, text: str, name: str) -> Sequence[TermScore]:
        """What each shared word adds to a skill's score, the most first; a word's share is split by field."""
        if name not in self._names:
            return ()
        place = self._names.index(name)
        spelt = {self._rows[token]: token for token in reversed(tokens(text))}
        read = self._read(text)
        clear = self._clearness(place, read)
        parts = [
            TermScore(spelt[row], field, round(self._sums.at(row, place) / _SCALE * clear * share, 3))
            for row in read.rows
            for field, share in _shares(self._weights[place].get(term(spelt[row]), {}))
        ]
        return sorted(parts, key=lambda part: (-part.score, part.word, part.field))

    def _read(self, text: str) -> "_Read":
        found = tokens(text)
        rows = set(map(self._rows.__getitem__, found))
        weight = OURS_WEIGHT if _OURS in rows else 1.0
        rows.difference_update(range(_KNOWN))
        words = len(rows)
        if words < WORDS_OF_A_REQUEST:  # beyond it nobody asks how many there are
            words += sum(1 for token in set(found) if self._rows[token] == _UNKNOWN)
        return _Read(sorted(rows)[:WORDS_AT_MOST], words, weight)

    def _clearness(self, place: int, read: "_Read") -> float:
        """What a score counts: the text's weight, less if short and about other things than the skill."""
        if not read.is_short:
            return read.weight
        shared = sum(1 for row in read.rows if self._sums.at(row, place))
        return read.weight * max(read.words / WORDS_OF_A_REQUEST, (shared / read.words) ** 2)

    def _ranked(self, scores: Mapping[int, int], read: "_Read", at_most: int | None) -> Sequence[Ranked]:
        clear: Mapping[int, float] = scores
        if read.is_short or read.weight != 1.0:
            clear = {place: score * self._clearness(place, read) for place, score in scores.items()}
        ordered = sorted(clear.items(), key=lambda each: (-each[1], each[0]))
        return [Ranked(self._names[place], round(score / _SCALE, 3)) for place, score in ordered[:at_most]]


class _Read(msgspec.Struct, frozen=True):
    """A text's rows, the rarest first; how many words it has, exactly only if it is short; what it counts."""

    rows: Sequence[int]
    words: int
    weight: float

    @property
    def is_short(self) -> bool:
        return self.words < WORDS_OF_A_REQUEST


class _Rows(dict[str, int]):
    """By token, the row of its term's impacts; an empty one for a silent or an unknown word. Bounded."""

    def __init__(self, by_term: Mapping[str, int]) -> None:
        super().__init__()
        self._by_term = by_term

    def __missing__(self, token: str) -> int:
        if len(token) > LONGEST:
            return _SILENT
        if len(self) >= TOKENS_KEPT:
            self.clear()
        if is_ours(token):
            row = self[token] = _OURS
            return row
        found = term(token)
        row = self[token] = self._by_term.get(found, _UNKNOWN) if found else _SILENT
        return row


def looked_at(text: str) -> str:
    """The part of a text that is ranked: its opening and its end."""
    whole = OPENING_BYTES + CLOSING_BYTES
    if len(text) <= whole and (text.isascii() or len(text.encode(errors="ignore")) <= whole):
        return text
    opening = text[:OPENING_BYTES].encode(errors="ignore")[:OPENING_BYTES]
    closing = text[-CLOSING_BYTES:].encode(errors="ignore")[-CLOSING_BYTES:]
    return f"{opening.decode(errors='ignore')} {closing.decode(errors='ignore')}"


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_DISCLAIMER = re.compile(r"(?i)(not|do not|don't|never)\b")


def purpose(description: str) -> str:
    """A description without the sentences on what the skill is not for: they must not choose it."""
    sentences = _SENTENCE_END.split(description)
    return " ".join(each for each in sentences if not _DISCLAIMER.match(each))


def _fields(skill: Description, term_of: Callable[[str], str]) -> dict[str, list[str]]:
    """A skill's terms by field."""
    texts = {
        "name": skill.name,
        "keywords": " ".join(skill.keywords),
        "description": purpose(skill.description),
    }
    return {field: [found for found in map(term_of, tokens(text)) if found] for field, text in texts.items()}


_Weights = dict[str, dict[str, float]]
"""By term, by field: how often the term is there, times the field's weight, over its length."""


def _field_weights(skills: Sequence[Mapping[str, Sequence[str]]]) -> list[_Weights]:
    mean = {field: sum(len(each[field]) for each in skills) / (len(skills) or 1) or 1.0 for field in FIELDS}
    weighed: list[_Weights] = []
    for each in skills:
        weights: _Weights = {}
        for name, field in FIELDS.items():
            norm = 1 - field.length + field.length * len(each[name]) / mean[name]
            for found, count in Counter(each[name]).items():
                weights.setdefault(found, {})[name] = field.weight * count / norm
        weighed.append(weights)
    return weighed


def _impacts(skills: Sequence[_Weights]) -> dict[str, dict[int, int]]:
    """By term, the rarest first: the skills that have it, each with what it adds in hundredths."""
    common = common_terms()
    having = Counter(found for weights in skills for found in weights)
    rarest = _rarity(len(skills), 1)
    impacts: dict[str, dict[int, int]] = {}
    for place, weights in enumerate(skills):
        for found, by_field in weights.items():
            total = sum(by_field.values())
            rarity = _rarity(len(skills), having[found]) / rarest
            weight = rarity * (COMMON_WEIGHT if found in common else 1.0)
            impact = round(_SCALE * weight * total * (SATURATION + 1) / (total + SATURATION))
            impacts.setdefault(found, {})[place] = impact
    return dict(sorted(impacts.items(), key=lambda each: (len(each[1]), each[0])))


def _rarity(skills: int, having: int) -> float:
    """BM25's inverse document frequency, as Lucene has it: above zero also for what all have."""
    return log(1 + (skills - having + 0.5) / (having + 0.5))


def _shares(by_field: Mapping[str, float]) -> list[tuple[str, float]]:
    total = sum(by_field.values())
    return [(field, weight / total) for field, weight in by_field.items()]
