"""A memory of a pure function: the same answers, asked for once, and bounded."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.serving.memo import KEPT, Memo


@given(st.lists(st.text(max_size=5), max_size=40))
def test_the_answers_are_the_functions_own_and_it_is_asked_once_for_each_text(texts: list[str]) -> None:
    asked: list[str] = []

    def function(text: str) -> str:
        asked.append(text)
        return text[::-1]

    memo = Memo(function)
    assert [memo(text) for text in texts] == [text[::-1] for text in texts]
    assert sorted(asked) == sorted(set(texts))


def test_broken_unicode_is_a_text_like_others() -> None:
    assert Memo(len)("\ud800") == 1


def test_the_oldest_is_forgotten_beyond_the_bound() -> None:
    asked: list[str] = []
    memo = Memo(asked.append)
    for number in range(KEPT + 1):
        memo(str(number))
    memo(str(KEPT))
    assert len(asked) == KEPT + 1
    memo("0")
    assert asked[-1] == "0"


def test_a_failing_function_fails_each_time_and_leaves_nothing() -> None:
    def fail(text: str) -> None:
        raise KeyError(text)

    memo = Memo(fail)
    for _ in range(2):
        try:
            memo("x")
        except KeyError as error:
            assert error.args == ("x",)
        else:
            raise AssertionError("the function's own error was lost")
