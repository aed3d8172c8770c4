"""Selection: explicit names, patterns, what belongs together, and the append-only fold."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain import selection
from tidegate.domain.lexical import CLOSING_BYTES, OPENING_BYTES, Description, LexicalIndex, Ranked
from tidegate.domain.selection import (
    MATCHED_IN_ALL,
    RANKED_IN_ALL,
    SKILLS_AT_MOST,
    Selectable,
    select,
    steps,
    without,
)
from tidegate.domain.transcript import Turn, in_progress, user_texts


def words(text: str) -> Mapping[str, int]:
    """Every word is a skill's name; its count is how many of the patterns match."""
    found = text.split()
    return {word: found.count(word) for word in found}


def catalogue(*skills: Selectable) -> dict[str, Selectable]:
    return {each.name: each for each in skills}


def plain(*names: str) -> dict[str, Selectable]:
    return catalogue(*(Selectable(name, 1) for name in names))


def names(*args: object) -> list[str]:
    return [use.name for use in select(*args)]


def test_explicit_skills_come_first_and_say_so() -> None:
    uses = select(plain("a", "b"), ["b"], ["a"], words)
    assert [(use.name, use.reason, use.score) for use in uses] == [
        ("b", "explicit", 1.0),
        ("a", "pattern", 1.0),
    ]


def test_unknown_names_are_passed_over() -> None:
    assert names(plain("a"), ["ghost", "a"], ["phantom"], words) == ["a"]


def test_more_matching_patterns_come_first_within_a_text_and_names_break_ties() -> None:
    assert names(plain("a", "b", "c"), [], ["c b a b"], words) == ["b", "a", "c"]


def test_what_a_skill_requires_comes_before_it() -> None:
    skills = catalogue(
        Selectable("a", 1, requires=("b",)), Selectable("b", 2, requires=("c",)), Selectable("c", 3)
    )
    uses = select(skills, [], ["a"], words)
    assert [(use.name, use.version, use.reason) for use in uses] == [
        ("c", 3, "required"),
        ("b", 2, "required"),
        ("a", 1, "pattern"),
    ]


def test_a_skill_whose_requirement_is_not_live_stays_out() -> None:
    assert names(catalogue(Selectable("a", 1, requires=("gone",))), ["a"], [], words) == []


def test_requirements_in_a_circle_come_together_once() -> None:
    skills = catalogue(Selectable("a", 1, requires=("b",)), Selectable("b", 1, requires=("a",)))
    assert sorted(names(skills, ["a"], ["b"], words)) == ["a", "b"]


def test_exclusion_works_both_ways_and_the_earlier_one_wins() -> None:
    skills = catalogue(Selectable("a", 1, excludes=("b",)), Selectable("b", 1))
    assert names(skills, [], ["a", "b"], words) == ["a"]
    assert names(skills, [], ["b", "a"], words) == ["b"]


def test_a_skill_that_excludes_what_it_requires_is_never_chosen() -> None:
    skills = catalogue(Selectable("a", 1, requires=("b",), excludes=("b",)), Selectable("b", 1))
    assert names(skills, ["a"], [], words) == []


def test_the_opening_and_the_end_of_a_text_are_matched() -> None:
    padding = "x" * (OPENING_BYTES + CLOSING_BYTES)
    assert names(plain("a", "b"), [], [f"a {padding} b"], words) == ["a", "b"]
    assert names(plain("a"), [], [f"{padding} a {padding}"], words) == []


def test_taking_skills_away_takes_along_all_that_require_them() -> None:
    skills = catalogue(
        Selectable("a", 1, requires=("b",)),
        Selectable("b", 1, requires=("c",)),
        Selectable("c", 1),
        Selectable("d", 1),
    )
    uses = select(skills, ["d", "a"], [], words)
    assert [use.name for use in without(skills, uses, {"c"})] == ["d"]
    assert [use.name for use in without(skills, uses, {"a"})] == ["d", "c", "b"]
    assert without(skills, uses, {"ghost"}) == uses


def test_a_transcript_is_matched_up_to_a_bound_from_its_oldest_text_on() -> None:
    matched: list[str] = []

    def noted(text: str) -> Mapping[str, int]:
        matched.append(text)
        return words(text)

    book = "x" * (OPENING_BYTES + CLOSING_BYTES - 2) + " a"
    texts = ["x " * 10, *[book] * (MATCHED_IN_ALL // len(book) + 1), "b"]
    assert names(plain("a", "b"), [], texts, noted) == ["a"]
    assert sum(map(len, matched)) == MATCHED_IN_ALL
    assert matched[:2] == texts[:2]
    assert names(plain("a", "b"), [], ["b", *texts], noted) == ["b", "a"]


def ranked(text: str) -> list[Ranked]:
    """Every word behind a `~` is a skill that the text's words choose, the first with the best score."""
    found = dict.fromkeys(word[1:] for word in text.split() if word.startswith("~") and len(word) > 1)
    return [Ranked(name, 9.0 - place) for place, name in enumerate(found)]


def test_words_choose_after_patterns_text_by_text() -> None:
    uses = select(plain("a", "b", "c", "d"), ["d"], ["~a b", "~c ~b"], words, ranked)
    assert [(use.name, use.reason, use.score) for use in uses] == [
        ("d", "explicit", 1.0),
        ("b", "pattern", 1.0),
        ("a", "lexical", 9.0),
        ("c", "lexical", 9.0),
    ]


def test_what_words_choose_comes_with_what_it_requires_and_without_what_it_excludes() -> None:
    skills = catalogue(
        Selectable("a", 1, requires=("b",)), Selectable("b", 1), Selectable("c", 1, excludes=("b",))
    )
    uses = select(skills, [], ["~a ~c"], words, ranked)
    assert [(use.name, use.reason) for use in uses] == [("b", "required"), ("a", "lexical")]


def test_a_transcript_is_ranked_up_to_a_bound_from_its_oldest_text_on() -> None:
    seen: list[str] = []

    def noted(text: str) -> list[Ranked]:
        seen.append(text)
        return ranked(text)

    assert names(plain("a", "b"), [], ["~a", *["x" * 5_000] * 20, "~b"], words, noted) == ["a"]
    assert sum(map(len, seen)) == RANKED_IN_ALL
    assert all(seen)


def test_each_text_is_ranked_by_itself() -> None:
    index = LexicalIndex([Description("a", "Audits zebra stables.", ("zebra",))])
    assert names(plain("a"), [], ["audits", "zebra", "stables"], words, index.choose) == []
    assert names(plain("a"), [], ["audit the zebra stables"], words, index.choose) == ["a"]


def test_a_refusal_says_why() -> None:
    skills = catalogue(
        Selectable("a", 1, excludes=("b",)),
        Selectable("b", 1),
        Selectable("c", 1, requires=("gone",)),
        *(Selectable(f"s{n}", 1) for n in range(8)),
    )
    said = {step.name: step.refusal for step in steps(skills, ["a", "b", "c", "ghost", "a"], [], words)}
    assert said["b"] == "a excludes b"
    assert said["c"] == "requires gone, which is not among the skills that are live here"
    assert said["ghost"] == "not among the skills that are live here"
    assert said["a"] == "chosen already"
    *_, last = steps(skills, [f"s{n}" for n in range(8)], [], words)
    assert not last.refusal
    *_, last = steps(skills, [*(f"s{n}" for n in range(8)), "a"], [], words)
    assert "more than 8" in last.refusal


NAMES = "abcdefghijkl"
SKILLS = st.builds(
    Selectable,
    name=st.sampled_from(NAMES),
    version=st.just(1),
    requires=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
    excludes=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
)
TEXTS = st.lists(
    st.lists(st.sampled_from([*NAMES, *(f"~{name}" for name in NAMES)]), max_size=4).map(" ".join), max_size=8
)


@given(
    st.lists(SKILLS, max_size=12),
    st.lists(st.sampled_from(NAMES), max_size=3),
    TEXTS,
    TEXTS,
    st.integers(0, 40),
)
def test_a_longer_transcript_only_appends_also_beyond_the_bound(
    skills: list[Selectable], explicit: list[str], texts: list[str], more: list[str], bound: int
) -> None:
    known = catalogue(*skills)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "MATCHED_IN_ALL", bound)
        patch.setattr(selection, "RANKED_IN_ALL", bound // 2)
        before = select(known, explicit, texts, words, ranked)
        after = select(known, explicit, texts + more, words, ranked)
    assert after[: len(before)] == before


@given(st.lists(SKILLS, max_size=12), st.lists(st.sampled_from(NAMES), max_size=12), TEXTS)
def test_a_selection_is_whole_free_of_clashes_and_bounded(
    skills: list[Selectable], explicit: list[str], texts: list[str]
) -> None:
    known = catalogue(*skills)
    chosen = names(known, explicit, texts, words, ranked)
    assert len(chosen) == len(set(chosen)) <= SKILLS_AT_MOST
    for name in chosen:
        assert set(known[name].requires) <= set(chosen)
        assert not set(known[name].excludes) & set(chosen)


def test_tool_turns_add_no_text_and_assistant_texts_do_not_count() -> None:
    turns = [Turn("user", ("one",)), Turn("assistant", ("no",)), Turn("user"), Turn("user", ("two", "three"))]
    assert user_texts(turns) == ["one", "two", "three"]
    assert in_progress(turns)
    assert not in_progress(turns[:1])
