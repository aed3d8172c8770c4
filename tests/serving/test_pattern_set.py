"""All patterns of a variant in one set: what matches, what it may take, and what a bad one costs."""

import msgspec
import pytest
import re2
from gateway_parts import rollout, skill, state, variant
from hypothesis import given
from hypothesis import strategies as st

from tidegate.registry.pattern import pattern_problem
from tidegate.serving.snapshot import compile_snapshot
from tidegate.serving.variant import PatternSet, VariantCache


def heaviest(number: int) -> str:
    """A pattern that publishing only just takes."""
    return f"x{number}[a-z]{{590}}"


def test_the_skills_whose_patterns_match_are_counted() -> None:
    patterns = PatternSet({"a": ("one", "two"), "b": ("two",), "c": ("three",)})
    assert patterns.match("one two") == {"a": 2, "b": 1}
    assert patterns.match("nothing") == {}


def test_what_matched_cannot_be_changed_by_who_is_told() -> None:
    """It is remembered, and given again to the next who asks of the same text."""
    matched = PatternSet({"a": ("one", "two"), "b": ("two",)}).match("one two")
    with pytest.raises(TypeError):
        matched["a"] = 0


@given(st.lists(st.text("onetwx \n", max_size=30), max_size=4), st.text("onetwx ", max_size=30))
def test_what_was_rehearsed_changes_no_match(rehearsed: list[str], text: str) -> None:
    fresh, warm = (PatternSet({"a": ("one.{0,9}two", "x"), "b": ("(?i)two",)}) for _ in range(2))
    warm.rehearse(rehearsed)
    assert warm.match(text) == fresh.match(text)


def test_a_pattern_that_does_not_compile_selects_nothing_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    patterns = PatternSet({"a": ("(", "two"), "b": ("two",)})
    assert patterns.match("( two") == {"a": 1, "b": 1}
    assert [(log["skill"], log["pattern"]) for log in map(vars, caplog.records)] == [("a", "(")]


def test_500_of_the_heaviest_patterns_compile_together() -> None:
    assert pattern_problem(heaviest(499)) is None
    patterns = PatternSet({f"s{number}": (heaviest(number),) for number in range(500)})
    assert patterns.match("x7" + "a" * 590) == {"s7": 1}


def test_a_set_that_does_not_compile_still_lets_the_snapshot_take_effect(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: object) -> None:
        raise re2.error("failed to compile Filter")

    monkeypatch.setattr(re2.Filter, "Compile", refuse)
    contracts = skill("contracts", match=("contract",))
    snapshot = compile_snapshot(state(rollout(variant(contracts)), versions=[contracts]), VariantCache())
    candidate = snapshot.active[0].candidate
    assert (list(candidate.skills), candidate.patterns.match("contract")) == (["contracts"], {})
    assert [vars(log)["skills"] for log in caplog.records] == [["contracts"]]


PATTERNS = (
    r"(?i)\b(review|check)\b[^.?!\n]{0,8}\b(contracts?|lease)\b",
    r"\d{2}-\d{2}",
    r"(?i)prüf(en|ung)",
    "合同|contract",
    r"^gate",
    r"tide$",
    "[a-c]x?",
    r"(?i)K",
)
PIECES = (
    "review",
    "CHECK",
    "contract",
    "lease",
    "12-34",
    "PRÜFUNG",
    "prüfen",
    "合同",
    "gate",
    "tide",
    "x",
    "\u212a",
    " ",
    ".",
)


@given(
    st.lists(st.sampled_from(PATTERNS), max_size=8),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=10).map("".join),
)
def test_a_set_matches_what_each_pattern_matches_by_itself(patterns: list[str], text: str) -> None:
    known = {f"s{number}": (pattern,) for number, pattern in enumerate(patterns)}
    seen = text.encode("utf-8", "replace").decode()
    alone = {name: 1 for name, (pattern,) in known.items() if re2.search(pattern, seen)}
    assert PatternSet(known).match(text) == alone


def test_a_match_tells_which_patterns_of_a_skill_match() -> None:
    patterns = PatternSet({"a": ("tide", "gate", "x"), "b": ("y",)})
    assert patterns.matching("a tide gate") == {"a": ["tide", "gate"]}
    assert patterns.matching("nothing") == {}


def test_a_variant_says_whether_and_from_which_score_on_words_choose() -> None:
    contracts = skill("contracts", keywords=("clauses",))
    versions = {contracts.digest: contracts}
    of = VariantCache().served
    plain = variant(contracts)
    assert of(plain, versions).lexical is not None
    assert of(msgspec.structs.replace(plain, threshold=7.5), versions).lexical.threshold == 7.5
    assert of(msgspec.structs.replace(plain, lexical=False), versions).lexical is None
