"""Texts as words: folding, splitting, stemming, for any text there is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.stemming import _singular, _underived, _uninflected, stem
from tidegate.domain.words import LONGEST, term, tokens

SUFFIXES = (
    *("ies", "sses", "xes", "s", "ss", "us", "is", "ied", "ed", "ing", "ly", "ation", "ment"),
    *("ate", "at", "eat", "ise", "ize", "iz", "e", "i", "y", "z", "tt"),
)


@pytest.mark.parametrize(
    "family",
    [
        "contract contracts",
        "review reviews reviewed reviewing",
        "policy policies",
        "translate translates translated translating translation",
        "analyse analysis analyze analyzing",
        "summary summaries summarise summarising",
        "plan plans planned planning",
        "assess assesses assessed assessment",
        "process processes processed processing",
        "negotiate negotiation negotiations",
        "patch patches patched",
    ],
)
def test_inflections_of_a_word_share_a_stem(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize(
    "pair",
    [
        "contract contrast",
        "log lag",
        "test text",
        "plan plant",
        "policy politics",
        "class clause",
        "threat three",
    ],
)
def test_different_words_keep_apart(pair: str) -> None:
    first, second = pair.split()
    assert stem(first) != stem(second)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", max_size=60))
def test_a_stem_is_never_empty_nor_longer_than_its_word(word: str) -> None:
    assert len(stem(word)) <= len(word)
    assert bool(stem(word)) == bool(word)


@given(
    st.lists(
        st.text("abcdefghijklmnopqrstuvwxyz0", max_size=6) | st.sampled_from(SUFFIXES),
        max_size=4,
    ).map("".join)
)
def test_a_stem_is_what_all_rules_in_turn_make_of_a_word(word: str) -> None:
    singular = _singular(word) if word.endswith("s") else word
    assert stem(word) == (word if len(word) < 4 else _underived(_uninflected(singular)))


@given(st.text(max_size=200) | st.text("aZ9 .,_-\n\t\x1c\x85\u00a0\u2003\u2019éﬁKſ合同", max_size=80))
def test_the_words_of_a_text_are_those_of_its_runs_of_letters_and_digits(text: str) -> None:
    runs: list[str] = re.findall(r"[a-z0-9\x80-\U0010ffff]+", text.lower())
    assert tokens(text) == [token for run in runs for token in tokens(run)]
    if text.isascii():
        assert tokens(text) == runs


def test_case_punctuation_and_compatibility_forms_do_not_matter() -> None:
    assert tokens("Review, THE contract!") == ["review", "the", "contract"]
    assert tokens("ＣＯＮＴＲＡＣＴ ﬁle №5") == ["contract", "file", "no5"]
    assert tokens("Straße STRASSE") == ["strasse", "strasse"]
    assert tokens("café") == tokens("cafe\u0301")
    assert tokens("data-cleaning a/b_test") == ["data", "cleaning", "a", "b", "test"]


def test_scripts_without_spaces_are_pairs_of_characters() -> None:
    assert tokens("合同审查") == ["合同", "同审", "审查"]
    assert tokens("契約 review") == ["契約", "review"]
    assert tokens("字") == ["字"]
    assert tokens("バグreport") == ["バグ", "report"]


def test_function_words_and_what_is_too_long_have_no_term() -> None:
    assert [term(word) for word in ("the", "please", "x" * (LONGEST + 1))] == ["", "", ""]
    assert term("contracts") == term("contract") == "contract"


def test_a_short_number_has_no_term_and_a_long_one_has() -> None:
    assert [term(word) for word in ("2", "30", "٣٠", "365", "27001", "k8s", "2fa")] == [
        *("", "", ""),
        *("365", "27001", "k8s", "2fa"),
    ]


@given(st.text(max_size=300))
def test_any_text_has_words_and_not_many_more_characters_than_it_has(text: str) -> None:
    found = tokens(text)
    assert all(found)
    assert sum(map(len, found)) <= 8 * len(text)


@given(st.text(max_size=80))
def test_words_do_not_depend_on_case(text: str) -> None:
    if text.upper().lower() == text.lower():  # Unicode has letters whose case does not come back
        assert tokens(text.upper()) == tokens(text)
