"""An explanation tells what selection does, and why."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.explanation import SHOWN, Explanation, explain
from tidegate.domain.lexical import Description
from tidegate.domain.ranking import Ranking
from tidegate.domain.selection import Selectable, select

PROSE = {
    "audit": "Audits zebra stables and lion houses.",
    "paint": "Paints audited zebra stables, barns, fences.",
    "feed": "Feeds lions at noon.",
    "guide": "Guides visitors past lion houses.",
}
CATALOGUE = {
    "audit": Selectable("audit", 3, requires=("guide",)),
    "paint": Selectable("paint", 1, excludes=("audit",)),
    "feed": Selectable("feed", 1),
    "guide": Selectable("guide", 2),
}
INDEX = Ranking((Description(name, text) for name, text in PROSE.items()), threshold=1.0)


def matching(text: str) -> Mapping[str, Sequence[str]]:
    return {"feed": ["hungry", "feed(ing)?"]} if "hungry" in text else {}


def explained(*texts: str, named: Sequence[str] = (), index: Ranking | None = INDEX) -> Explanation:
    return explain(CATALOGUE, named, texts, matching, index)


def outcomes(found: Explanation) -> dict[tuple[int | None, str], str]:
    return {(each.text, each.name): each.outcome for each in found.candidates}


def test_each_candidate_has_its_patterns_its_words_and_its_outcome() -> None:
    found = explained("audit the zebra stables", "the lions are hungry")
    said = outcomes(found)
    assert said[1, "audit"] == "chosen (lexical), with guide, which it requires"
    assert said[1, "paint"] == "left out: paint excludes audit"
    assert said[2, "feed"] == "chosen (pattern)"
    assert said[2, "guide"] == "below the threshold of 1"
    feed = next(each for each in found.candidates if each.text == 2 and each.name == "feed")
    assert feed.patterns == ("hungry", "feed(ing)?")
    assert [(part.word, part.field) for part in feed.terms] == [("lions", "description")]
    assert [(use.name, use.reason) for use in found.chosen] == [
        ("guide", "required"),
        ("audit", "lexical"),
        ("feed", "pattern"),
    ]


def test_names_that_are_asked_for_come_first_and_unknown_ones_are_told_of() -> None:
    found = explained("hello", named=["ghost", "feed"])
    assert outcomes(found) == {
        (None, "ghost"): "left out: not among the skills that are live here",
        (None, "feed"): "chosen (explicit)",
    }


def test_a_skill_far_behind_the_best_says_so() -> None:
    index = Ranking((Description(name, text) for name, text in PROSE.items()), threshold=0.1)
    said = outcomes(explained("audit zebra stables lion houses", index=index))
    assert said[1, "feed"].startswith("below 70% of the text's best score, ")


def test_without_an_index_words_choose_nothing() -> None:
    found = explained("audit the zebra stables", index=None)
    assert (found.threshold, found.chosen, found.candidates) == (None, (), ())


def test_past_the_limit_matching_skills_say_that_it_is_reached() -> None:
    names = [f"s{n}" for n in range(9)]
    many = {name: Selectable(name, 1) for name in names}
    found = explain(many, names[:8], ["x"], lambda _: {"s8": ["x"]}, None)
    assert found.candidates[-1].outcome == "left out: 8 skills are chosen already"


def test_of_one_text_only_the_nearest_skills_are_told() -> None:
    names = [f"s{n}" for n in range(3 * SHOWN)]
    others = [Description(f"o{n}", "Paints walls.") for n in range(200)]
    index = Ranking([*(Description(name, "Audits zebra stables.") for name in names), *others])
    found = explain({name: Selectable(name, 1) for name in names}, (), ["zebra"], lambda _: {}, index)
    assert len(found.candidates) == SHOWN


WORDS = st.sampled_from(
    [
        "audit",
        "zebra",
        "stables",
        "lion",
        "houses",
        "paint",
        "stripes",
        "walls",
        "feed",
        "noon",
        "hungry",
        "the",
    ]
)
TEXTS = st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=5)


@given(TEXTS, st.lists(st.sampled_from(sorted(CATALOGUE)), max_size=2))
def test_what_is_told_is_what_selection_does(texts: list[str], named: list[str]) -> None:
    def counted(text: str) -> Mapping[str, int]:
        return {name: len(patterns) for name, patterns in matching(text).items()}

    found = explained(*texts, named=named)
    assert found.chosen == select(CATALOGUE, named, texts, counted, INDEX.choose)
    assert {each.name for each in found.candidates if each.chosen} <= {use.name for use in found.chosen}
