"""Ranking by example requests."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.everyday_requests import everyday_requests
from tidegate.domain.lexical import AT_MOST, OURS_WEIGHT, TOKENS_KEPT, Description, Ranked
from tidegate.domain.likelihood import CANDIDATES, CLOSING, OPENING, LikelihoodIndex
from tidegate.domain.ranking import Ranking

STABLES = Description(
    "stable-audit",
    "Audits zebra stables.",
    examples=(
        "The zebras knock their doors open at night, what is wrong with the boxes?",
        "Is the straw in our boxes too wet for the foals?",
        "We need somebody to look over the boxes before the vet comes.",
        "How wide must a box be for a mare with a foal?",
        "Check our boxes for anything the animals could hurt themselves on.",
    ),
)
FEED = Description(
    "feed-plan",
    "Plans what giraffes eat.",
    examples=(
        "Two of our giraffes leave their hay, what else can we give them?",
        "How much lucerne do we order for the winter?",
        "Our old bull loses weight, change his ration please.",
        "Make the ration for next week, hay is short.",
        "Which branches may they eat, and how many a day?",
    ),
)
PLAIN = Description("lion-cages", "Builds lion cages with double doors and feeding hatches.")
INDEX = LikelihoodIndex([STABLES, FEED])
REVERSED = LikelihoodIndex([FEED, STABLES])
TWINS = [msgspec.structs.replace(STABLES, name=f"twin-{n}") for n in range(20)]
MANY = LikelihoodIndex([*TWINS, FEED])
"""More skills have their terms than are kept as pairs."""
TWELVE = "Is the straw too wet, says the vet, or do mares knock and hurt?"
TEXTS = st.text(st.sampled_from("box hay foal ration our what we 马 é 12 ?"), max_size=200)


def names(found: Sequence[Ranked]) -> list[str]:
    return [each.name for each in found]


def test_what_is_like_an_example_chooses_though_the_description_has_none_of_its_words() -> None:
    assert names(INDEX.choose("our mare is due, are the boxes wide enough for a foal?")) == ["stable-audit"]
    assert names(INDEX.choose("hay is short this winter, please change the ration")) == ["feed-plan"]


@pytest.mark.parametrize(
    "text", ["", "what is the capital of Kenya?", "thanks, that was great!", "how are you"]
)
def test_everyday_requests_choose_nothing(text: str) -> None:
    assert list(INDEX.choose(text)) == []


def test_everyday_requests_are_single_and_short() -> None:
    requests = everyday_requests()
    assert len(requests) > 1400
    assert sum(len(each.split()) >= 12 for each in requests) > 450
    assert len(set(requests)) == len(requests)
    assert all(1 <= len(each) <= 300 and each == each.strip() for each in requests)


def test_who_speaks_for_a_group_is_at_work() -> None:
    ours, theirs = (INDEX.rank(f"Check {whose} boxes for the foals.")[0].score for whose in ("our", "your"))
    assert ours > theirs * OURS_WEIGHT


def test_a_word_says_the_same_in_long_examples_as_in_short_ones_of_as_many_words() -> None:
    joined = msgspec.structs.replace(STABLES, examples=(" ".join(STABLES.examples),))
    words = {"straw", "wet", "vet", "hurt", "knock"}

    def said(*skills: Description) -> dict[tuple[str, str], float]:
        parts = LikelihoodIndex(skills).explain(TWELVE, "stable-audit")
        return {(part.word, part.field): part.score for part in parts if part.word in words}

    short = said(STABLES, FEED)
    assert {word for word, field in short if field == "examples"} == words
    assert said(joined, FEED) == short


def test_a_text_of_fewer_words_than_work_has_counts_less() -> None:
    whole, half = (INDEX.rank(f"straw vet knock hurt {rest}")[0].score for rest in ("zq " * 8, "zq zq"))
    assert half == pytest.approx(whole / 2, abs=0.001)
    assert INDEX.rank(f"straw vet knock hurt {'zq ' * 20}")[0].score == whole


@given(TEXTS)
def test_the_order_of_skills_changes_nothing(text: str) -> None:
    assert INDEX.rank(text) == REVERSED.rank(text)


@pytest.mark.parametrize("index", [INDEX, MANY], ids=["few skills", "many"])
@given(TEXTS)
def test_the_parts_of_an_explanation_add_up_to_the_score(index: LikelihoodIndex, text: str) -> None:
    for each in index.rank(text):
        parts = index.explain(text, each.name)
        assert sum(part.score for part in parts) == pytest.approx(each.score, abs=0.001 * len(parts) + 0.002)


@given(TEXTS)
def test_scores_are_above_zero_best_first_and_few(text: str) -> None:
    scores = [each.score for each in INDEX.rank(text)]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)
    assert len(INDEX.choose(text)) <= AT_MOST


def test_an_unknown_skill_has_no_explanation() -> None:
    assert INDEX.explain("boxes", "nobody") == ()


def test_a_higher_threshold_chooses_less() -> None:
    text = "our mare is due, are the boxes wide enough for a foal?"
    assert names(LikelihoodIndex([STABLES, FEED], threshold=50.0).choose(text)) == []


def test_ties_are_all_looked_at() -> None:
    assert len(MANY.rank(STABLES.examples[0])) == len(TWINS) > CANDIDATES


def test_a_long_text_is_read_at_its_opening_and_its_end() -> None:
    paste = "lorem ipsum dolor " * 300
    assert names(INDEX.choose(f"{STABLES.examples[2]} {paste}")) == ["stable-audit"]
    assert names(INDEX.choose(f"{paste} {STABLES.examples[2]}")) == ["stable-audit"]
    assert names(INDEX.choose(f"{paste} {STABLES.examples[2]} {paste}")) == []


def test_a_long_text_is_explained_by_what_is_read_of_it() -> None:
    opening, closing = "how wide must a".rjust(OPENING), "box be for a mare".ljust(CLOSING)
    text = f"{opening}{' lorem' * 200}{closing}"  # "a box" is only where they meet
    parts = INDEX.explain(text, "stable-audit")
    assert "a box" in {part.word for part in parts}
    (best, *_) = INDEX.rank(text)
    assert sum(part.score for part in parts) == pytest.approx(best.score, abs=0.001 * len(parts) + 0.002)


def test_tokens_that_nobody_knows_are_forgotten_and_those_of_the_catalogue_kept() -> None:
    index = LikelihoodIndex([STABLES, FEED])
    before, known = index.rank(STABLES.examples[0]), len(index._words)
    for number in range(TOKENS_KEPT + 10):
        index.rank(f"zz{number}x")
    assert known < len(index._words) <= known + TOKENS_KEPT
    assert index._words.keys() >= {"zebras", "boxes"}
    assert index.rank(STABLES.examples[0]) == before


def test_even_the_longest_examples_overflow_no_place() -> None:
    long = tuple(" ".join(chr(0x4E00 + 300 * n + each) for each in range(150)) for n in range(40))
    index = LikelihoodIndex([Description("long", "Long.", examples=long), STABLES])
    assert index.rank(" ".join(long)[:1_000])[0].name == "long"


def test_skills_without_examples_are_ranked_by_words_beside_those_with() -> None:
    ranking = Ranking([STABLES, FEED, PLAIN])
    assert names(ranking.choose("Build lion cages with double doors")) == ["lion-cages"]
    assert names(ranking.choose("are the boxes wide enough for a mare with a foal?")) == ["stable-audit"]
    assert [part.field for part in ranking.explain("lion cages", "lion-cages")].count("name") == 2
