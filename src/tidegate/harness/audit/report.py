"""An audit's report: JSON for programs, Markdown and one self-contained HTML page for people."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from jinja2 import Environment, PackageLoader, select_autoescape

from tidegate.domain.errors import InvalidInput
from tidegate.harness.audit.judgement import Audit, Finding, Line, Question, Verdict

JSON, MARKDOWN, HTML = "audit.json", "audit.md", "audit.html"


class _Before(msgspec.Struct):
    findings: tuple[Finding, ...]


def findings_before(folder: Path) -> tuple[Finding, ...]:
    """The findings of the report that lies in the folder; none where there is no report, or an empty file.

    Raises InvalidInput for one that cannot be read: writing over it would lose the owners in it.
    """
    path, content = folder / JSON, b""
    try:
        content = path.read_bytes()
        return msgspec.json.decode(content, type=_Before).findings if content.strip() else ()
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as wrong:
        where = f" (at its end, byte {len(content)})" if "truncated" in str(wrong) else ""
        raise InvalidInput(
            f"{path}, the former report, cannot be read: {wrong}{where}; it has the owners of findings: "
            "mend it, move it away, or name another folder with --out"
        ) from wrong


def make(folder: Path) -> None:
    """The folder, with a first file in it; raises InvalidInput where none can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / JSON).touch()
    except OSError as wrong:
        raise InvalidInput(
            f"the report cannot be written to {folder}: {wrong.strerror}; name another folder with --out"
        ) from wrong


def write(audit: Audit, folder: Path) -> tuple[Path, ...]:
    """All three into the folder, which is made; their paths."""
    contents = {JSON: msgspec.json.format(document(audit), indent=2).decode(), **pages(audit)}
    make(folder)
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return tuple(folder / name for name in contents)


def document(audit: Audit) -> bytes:
    """The audit as JSON, and whether it held."""
    return msgspec.json.encode({"held": audit.held, "counts": counts(audit), **msgspec.structs.asdict(audit)})


def pages(audit: Audit) -> Mapping[str, str]:
    """Markdown and HTML by their file names."""
    loader = PackageLoader("tidegate.harness.audit")
    given = {
        "audit": audit,
        "counts": counts(audit),
        "questions": {question.value: _of(audit, question) for question in Question},
    }
    told = Environment(loader=loader, autoescape=select_autoescape(("html", "html.j2")), trim_blocks=True)
    told.filters["cell"] = _cell
    return {
        MARKDOWN: told.get_template("report.md.j2").render(**given),
        HTML: told.get_template("report.html.j2").render(**given),
    }


def counts(audit: Audit) -> dict[str, int]:
    """Lines by verdict."""
    return {
        verdict.value: sum(line.outcome.verdict is verdict for line in audit.lines) for verdict in Verdict
    }


def _of(audit: Audit, question: Question) -> list[Line]:
    return [line for line in audit.lines if line.attack.question is question]


def _cell(text: str) -> str:
    """One cell of a Markdown table: nothing in it ends the cell, the line, or opens a tag."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
