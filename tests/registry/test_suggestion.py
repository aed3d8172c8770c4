"""What a model proposes, put into SKILL.md byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import InvalidInput
from tidegate.registry.hints import MAX_EXAMPLE, MAX_EXAMPLES
from tidegate.registry.limits import PackageLimits
from tidegate.registry.suggestion import Suggestion, question, read_suggestion, with_suggestion

SOME = Suggestion(("When is it safe?",), ("ebb",))
LIMITS = PackageLimits()
HEAD = b"---\nname: tides\ndescription: d\n"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("metadata", [b"", b"metadata:\n  a: b\n", b"metadata:\n      a: b\nlicense: MIT\n"])
def test_only_lines_are_added(metadata: bytes, end: bytes) -> None:
    content = (HEAD + metadata + b"---\n# Tides\nmetadata:\n---\n").replace(b"\n", end)
    written = with_suggestion(content, SOME, LIMITS)
    added = [line for line in written.split(end) if line not in content.split(end)]
    assert [line.strip() for line in added] == [
        b"tidegate.examples: |",
        b"When is it safe?",
        b'tidegate.keywords: "ebb"',
    ]


def test_keywords_that_are_there_stay() -> None:
    written = with_suggestion(HEAD + b"metadata:\n  tidegate.keywords: own\n---\n# Tides\n", SOME, LIMITS)
    assert b"ebb" not in written


def test_metadata_in_one_line_is_left_to_the_author() -> None:
    with pytest.raises(InvalidInput, match="one 'key: value' a line"):
        with_suggestion(HEAD + b"metadata: {a: b}\n---\n# Tides\n", SOME, LIMITS)


@given(st.text())
def test_no_answer_of_a_model_does_more_than_be_refused(answer: str) -> None:
    try:
        assert read_suggestion(answer).examples
    except InvalidInput as error:
        assert "--model" in str(error)


def test_both_lengths_are_asked_for_and_neither_is_longer_than_an_example_may_be() -> None:
    asked = question("tides", "Says when the tide is out.")
    assert "30 terse ones of 4 to 14 words" in asked
    assert "30 of 18 to 38 words" in asked
    assert f"{MAX_EXAMPLE} characters at most" in asked
    assert asked.endswith("name: tides\ndescription: Says when the tide is out.\n")


def test_too_many_examples_are_cut() -> None:
    asked = ", ".join(f'"ask {n}"' for n in range(200))
    answer = f'{{"examples": [{asked}], "keywords": []}}'
    assert len(read_suggestion(f"Here you are: {answer}").examples) == MAX_EXAMPLES
