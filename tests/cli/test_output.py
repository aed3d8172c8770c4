"""Tables print what people wrote as they wrote it."""

import pytest

from tidegate.cli.output import emit_table


@pytest.mark.parametrize(
    "text", ["see [/foo]", "INC-42 [prod] test", "(?i)analy[sz]e", "[bold]", "[red]x[/red]"]
)
def test_square_brackets_are_text(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    emit_table(f"about {text}", ("reason",), [(text,)])
    printed = capsys.readouterr().out
    assert printed.count(text) == 2
