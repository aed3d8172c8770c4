"""The packed and joined rows say what the plain form says: cosines example by example."""

from collections import Counter
from collections.abc import Sequence
from math import isclose, log, sqrt

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.everyday_requests import everyday_requests
from tidegate.domain.nearness import NEAREST, NEARNESS_WEIGHT, PAIR_WEIGHT, SAID_BY_AT_MOST, Nearness
from tidegate.domain.words import tokens

EXAMPLES = (
    ("is the hay dry enough", "dry the hay before the rain", "how much hay is left", "hay"),
    ("is the stable clean", "who cleans the stable of the mare"),
    (),
)
EVERYDAY = [tokens(each) for each in everyday_requests()]
SKILLS = [[tokens(each) for each in examples] for examples in EXAMPLES]
KNOWN = sorted({word for texts in [EVERYDAY, *SKILLS] for text in texts for word in text})
NUMBERS = {word: number for number, word in enumerate(KNOWN, start=1)}


def keys_of(text: str) -> Sequence[int]:
    return sorted({NUMBERS[word] for word in tokens(text) if word in NUMBERS})


def is_pair(key: int) -> bool:
    return key % 3 == 0


NEARNESS = Nearness(EXAMPLES, keys_of, is_pair, len(NUMBERS))
SAID = Counter(word for each in EVERYDAY for word in set(each))
HAVING = {word: SAID[word] + sum(word in each for texts in SKILLS for each in texts) for word in KNOWN}
WHOLE = len(EVERYDAY) + sum(map(len, SKILLS))


def weight(word: str) -> float:
    if SAID[word] > SAID_BY_AT_MOST * len(EVERYDAY):
        return 0.0
    return (log(WHOLE / HAVING[word]) * (PAIR_WEIGHT if is_pair(NUMBERS[word]) else 1.0)) ** 2


WEIGHTS = {word: weight(word) for word in KNOWN}


def length(words: set[str]) -> float:
    return sqrt(sum(WEIGHTS[word] for word in words)) or 1.0


Samples = Sequence[tuple[set[str], float]]


def samples(texts: Sequence[Sequence[str]]) -> Samples:
    return [(set(text), length(set(text))) for text in texts]


def nearest(words: set[str], texts: Samples) -> float:
    products = sorted(
        sum(int(WEIGHTS[word] * 128 / whole) for word in words & known) / 128 for known, whole in texts
    )
    return sum(products[-NEAREST:]) / (min(NEAREST, len(texts)) or 1)


PLAIN_EVERYDAY, PLAIN_SKILLS = samples(EVERYDAY), [samples(texts) for texts in SKILLS]
WORDS = st.sampled_from(["hay", "dry", "stable", "mare", "the", "is", "rain", "wine", "clean", "left", "zzz"])


@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_nearness_is_the_mean_cosine_with_the_nearest_examples_less_that_with_everyday(text: str) -> None:
    words = {word for word in tokens(text) if word in NUMBERS}
    to = NEARNESS.to(keys_of(text))
    everyday = nearest(words, PLAIN_EVERYDAY)
    for place, examples in enumerate(PLAIN_SKILLS):
        plain = (nearest(words, examples) - everyday) / length(words) * NEARNESS_WEIGHT
        assert isclose(to(place), plain, abs_tol=1e-9)


def test_a_term_that_no_sample_has_and_no_term_at_all_are_near_to_nothing() -> None:
    assert Nearness(EXAMPLES, keys_of, is_pair, len(NUMBERS) + 5).to([len(NUMBERS) + 5])(0) == 0.0
    assert NEARNESS.to([])(1) == 0.0
