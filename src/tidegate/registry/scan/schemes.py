"""Which scheme against people a sentence is part of, by the classes of words that meet around it."""

from dataclasses import dataclass

from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.rules.schemes import SCHEMES, Scheme
from tidegate.registry.scan.sentences import Sentences

REACH = 4
"""Sentences on either side in which the rest of a scheme is looked for."""


@dataclass(frozen=True, slots=True)
class _Masks:
    """A scheme as bits: flags are slow to compare a hundred thousand times."""

    rule: Rule
    own: tuple[int, ...]
    near: tuple[int, ...]
    without: int


def _masks(scheme: Scheme) -> _Masks:
    own, near = (tuple(int(group) for group in groups) for groups in (scheme.own, scheme.near))
    return _Masks(scheme.rule, own, near, int(scheme.without))


_SCHEMES = tuple(map(_masks, SCHEMES))


def judge_scheme(read: Sentences, number: int) -> Rule | None:
    """The first scheme whose classes the sentence and those near it have."""
    own = read.bits[number]
    fitting = [each for each in _SCHEMES if all(own & group for group in each.own)]
    if not fitting:
        return None
    near = read.bits_near(number, REACH)
    for each in fitting:
        if all(near & group for group in each.near) and not near & each.without:
            return each.rule
    return None
