"""Which skills a text's words choose: by their example requests those that have some, by words the others."""

from collections.abc import Iterable, Sequence

from tidegate.domain.lexical import (
    NEAR_BEST,
    THRESHOLD,
    Description,
    LexicalIndex,
    Ranked,
    TermScore,
    best_of,
)
from tidegate.domain.likelihood import LikelihoodIndex


class Ranking:
    """A catalogue compiled; from the same threshold on, both kinds of score choose."""

    def __init__(self, skills: Iterable[Description], *, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        known = list(skills)
        by_words = [each for each in known if not each.examples]
        by_examples = [each for each in known if each.examples]
        self._indexes: list[LexicalIndex | LikelihoodIndex] = []
        if by_words:
            self._indexes.append(LexicalIndex(by_words, threshold=threshold))
        if by_examples:
            self._indexes.append(LikelihoodIndex(by_examples, threshold=threshold))
        self.near_best = LikelihoodIndex.near_best if by_examples else NEAR_BEST
        """Of a text's best score, the share that a further skill needs."""

    def choose(self, text: str) -> Sequence[Ranked]:
        """The skills that the text chooses, best first: from the threshold on, and near the best."""
        if len(self._indexes) == 1:
            return self._indexes[0].choose(text)
        return self.chosen(_best_first(each for index in self._indexes for each in index.choose(text)))

    def chosen(self, ranked: Sequence[Ranked]) -> Sequence[Ranked]:
        """Those of a text's ranking that it chooses."""
        return best_of(ranked, self.threshold, self.near_best)

    def rank(self, text: str) -> Sequence[Ranked]:
        """The skills that the text has something for, best first; names break ties."""
        return _best_first(each for index in self._indexes for each in index.rank(text))

    def explain(self, text: str, name: str) -> Sequence[TermScore]:
        """What each term adds to a skill's score, the most first."""
        return [part for index in self._indexes for part in index.explain(text, name)]


def _best_first(ranked: Iterable[Ranked]) -> Sequence[Ranked]:
    return sorted(ranked, key=lambda each: (-each.score, each.name))
