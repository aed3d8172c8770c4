"""Tables print what people wrote as they wrote it."""

import pytest

from tidegate.cli.output import emit_table


@pytest.mark.parametrize(
    "text", ["see [/foo]", "INC-42 [prod] test", "(?i)analy[sz]e", "[bold]", "[red]x[/red]"]
)
def test_square_brackets_are_text(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    emit_table(f"about {text}", ("reason",), [(text,)], empty="none")
    printed = capsys.readouterr().out
    assert printed.count(text) == 2


def test_an_empty_table_is_one_line_that_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    emit_table("keys", ("id", "name"), [], empty="there is no key yet; make one")
    assert capsys.readouterr().out == "there is no key yet; make one\n"


def test_into_a_pipe_nothing_is_cut_or_folded(capsys: pytest.CaptureFixture[str]) -> None:
    long = "because " * 60
    emit_table("history", ("at", "reason"), [("now", long.strip())], empty="none")
    assert long.strip() in capsys.readouterr().out
