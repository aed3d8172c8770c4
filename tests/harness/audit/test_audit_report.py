"""An audit's report: three files, findings that keep their owner, and no text that could break them."""

from pathlib import Path

import msgspec
import pytest

from tidegate.domain.errors import InvalidInput
from tidegate.harness.audit import report
from tidegate.harness.audit.catalogue import attacks
from tidegate.harness.audit.judgement import (
    MENDED,
    OPEN,
    UNASSIGNED,
    Audit,
    Line,
    Outcome,
    Question,
    failed,
    findings,
    held,
    not_shown,
)

TCP = attacks()["execution/tcp"]
SLIP = attacks()["upload/zip-slip"]


def line(attack: object, outcome: Outcome) -> Line:
    return Line(attack=attack, outcome=outcome, seconds=0.1)


def audit(*lines: Line, before: tuple = ()) -> Audit:
    return Audit(
        version="1",
        at="2026-01-31T12:00:00.000Z",
        seconds=1.0,
        installation={"home": "/srv/<home>|"},
        lines=lines,
        findings=findings(lines, before),
    )


def test_only_what_was_shown_to_fail_holds() -> None:
    assert audit(line(TCP, held("no"))).held
    assert not audit(line(TCP, held("no")), line(SLIP, not_shown("off"))).held
    assert not audit(line(TCP, failed("yes"))).held


def test_findings_keep_their_owner_and_are_mended_when_they_hold() -> None:
    first = audit(line(TCP, failed("yes")), line(SLIP, not_shown("off")))
    assert [(each.id, each.owner, each.state) for each in first.findings] == [
        ("execution/tcp", UNASSIGNED, OPEN),
        ("upload/zip-slip", UNASSIGNED, OPEN),
    ]
    owned = tuple(msgspec.structs.replace(each, owner="ana") for each in first.findings)
    second = audit(line(TCP, held("no")), line(SLIP, failed("yes")), before=owned)
    assert [(each.id, each.owner, each.state) for each in second.findings] == [
        ("upload/zip-slip", "ana", OPEN),
        ("execution/tcp", "ana", MENDED),
    ]


def test_the_report_is_json_markdown_and_html(tmp_path: Path) -> None:
    bad = audit(line(TCP, failed("<script>alert(1)</script> | `x`\nnext")), line(SLIP, held("refused")))
    written = report.write(bad, tmp_path / "out")
    assert [path.name for path in written] == ["audit.json", "audit.md", "audit.html"]
    document = msgspec.json.decode(written[0].read_bytes())
    assert (document["held"], document["counts"]) == (False, {"held": 1, "failed": 1, "not-shown": 0})
    assert report.findings_before(tmp_path / "out") == bad.findings
    markdown, html = written[1].read_text(), written[2].read_text()
    assert "&lt;script>alert(1)&lt;/script> \\| `x` next" in markdown
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    for question in Question:
        assert question.lower() in markdown.lower()
        assert question.lower() in html.lower()


def test_a_folder_without_a_report_has_no_findings(tmp_path: Path) -> None:
    assert report.findings_before(tmp_path) == ()
    report.make(tmp_path)
    assert report.findings_before(tmp_path) == ()


@pytest.mark.parametrize(
    ("content", "position"),
    [
        (b"{", r"at its end, byte 1"),
        (b'{"findings": [}', r"byte 14"),
        (b'{"findings": [{"id": 7}]}', r"\$\.findings\[0\]\.id"),
        (b"{}", r"findings"),
        (b'{"findings": "\xff"}', r"\$\.findings|position|byte"),
    ],
)
def test_a_damaged_report_is_told_with_its_place_and_left_alone(
    tmp_path: Path, content: bytes, position: str
) -> None:
    (tmp_path / "audit.json").write_bytes(content)
    with pytest.raises(InvalidInput, match=f"audit.json, the former report.*{position}"):
        report.findings_before(tmp_path)
    assert (tmp_path / "audit.json").read_bytes() == content


def test_what_no_line_is_about_is_not_mended() -> None:
    before = audit(line(TCP, failed("yes")), line(SLIP, failed("yes"))).findings
    after = audit(line(SLIP, held("no")), before=before).findings
    assert [(each.id, each.state) for each in after] == [("execution/tcp", OPEN), ("upload/zip-slip", MENDED)]


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InvalidInput, match="name another folder with --out"):
        report.make(tmp_path / "out")
