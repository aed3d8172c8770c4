"""Figures of an evaluation, by hand."""

from tidegate.domain.evaluation import Case, evaluate


def test_figures_are_those_counted_by_hand() -> None:
    answers = {"one": ("a",), "two": ("b", "c"), "three": ("c", "a"), "four": (), "five": (), "six": ("a",)}
    cases = [
        Case("one", ("a",)),
        Case("two", ("b",)),
        Case("three", ("a",)),
        Case("four", ("a", "b")),
        Case("five", ()),
        Case("six", ()),
    ]
    found = evaluate(cases, answers.__getitem__)
    assert (found.prompts, found.needing_none) == (6, 2)
    assert found.top1 == 2 / 4
    assert found.none == 1 / 2
    assert found.precision == 3 / 6
    assert found.recall == 3 / 5
    assert [miss.text for miss in found.misses] == ["three", "four", "six"]


def test_where_there_is_nothing_to_divide_by_there_is_no_ratio() -> None:
    found = evaluate([Case("a", ())], lambda text: ())
    assert (found.top1, found.none, found.precision, found.recall) == (None, 1.0, None, None)
    assert evaluate([Case("a", ("s",))], lambda text: ()).none is None


def test_an_acceptable_skill_counts_neither_for_nor_against_precision() -> None:
    cases = [Case("one", ("a",), acceptable=("b",)), Case("two", (), acceptable=("b",), id="p2")]
    found = evaluate(cases, {"one": ("a", "b"), "two": ("b",)}.__getitem__)
    assert (found.precision, found.recall, found.top1) == (1.0, 1.0, 1.0)
    assert found.none == 0.0
    assert [miss.id for miss in found.misses] == ["p2"]
