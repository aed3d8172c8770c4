"""From the strings of a frontmatter to a manifest, by the rules of the specification."""

import re

from tidegate.domain.skill import Manifest
from tidegate.registry.document import SKILL_MD
from tidegate.registry.finding import Finding
from tidegate.registry.frontmatter import Frontmatter, Text
from tidegate.registry.hints import read_hints
from tidegate.registry.names import name_problem

MAX_DESCRIPTION = 1024
MAX_COMPATIBILITY = 500
MAX_LICENSE = 500

_XML_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_TOOL = re.compile(r"[A-Za-z_][\w.:*-]*(?:\([^()]*\))?")
_TOOL_WORD = re.compile(r"(?:[^\s(),]|\([^()]*\))+|[()]")


def read_manifest(source: Frontmatter, folder: str, findings: list[Finding]) -> Manifest:
    """The manifest, good only where nothing was added to `findings`; the name equals a `folder` given."""
    name = _name(source, folder, findings)
    hints = read_hints(source.metadata, name, findings)
    return Manifest(
        name=name,
        description=_description(source, findings),
        license=_bounded("license", source, MAX_LICENSE, findings),
        compatibility=_bounded("compatibility", source, MAX_COMPATIBILITY, findings),
        allowed_tools=_tools(source.fields.get("allowed-tools"), findings),
        metadata={key: text.value for key, text in source.metadata.items()},
        match=hints.match,
        keywords=hints.keywords,
        examples=hints.examples,
        requires=hints.requires,
        excludes=hints.excludes,
        mode=hints.mode,
        timeout_seconds=hints.timeout_seconds,
    )


def _required(key: str, source: Frontmatter, findings: list[Finding]) -> Text | None:
    if key not in source.present:
        message = f"{key} is missing; the specification requires it"
        findings.append(Finding(path=SKILL_MD, line=1, column=1, message=message))
    return source.fields.get(key)


def _name(source: Frontmatter, folder: str, findings: list[Finding]) -> str:
    text = _required("name", source, findings)
    if text is None:
        return ""
    problem = name_problem(text.value)
    if problem is None and folder and text.value != folder:
        problem = f"is not the name of its folder, {folder!r}; rename one of the two"
    if problem:
        findings.append(text.wrong(f"name {text.value[:80]!r} {problem}"))
    return text.value


def _description(source: Frontmatter, findings: list[Finding]) -> str:
    text = _required("description", source, findings)
    tag = _XML_TAG.search(text.value) if text else None
    if text and tag:
        message = f"description has the XML tag {tag[0][:40]!r}; write plain text, it is put into prompts"
        findings.append(text.wrong(message))
    return _bounded("description", source, MAX_DESCRIPTION, findings) or ""


def _bounded(key: str, source: Frontmatter, most: int, findings: list[Finding]) -> str | None:
    """The value without the white space around it; 1 to `most` characters."""
    text = source.fields.get(key)
    if text is None:
        return None
    value = text.value.strip()
    if not 1 <= len(value) <= most:
        findings.append(text.wrong(f"{key} has {len(value)} characters; 1 to {most} are allowed"))
    return value


def _tools(text: Text | None, findings: list[Finding]) -> tuple[str, ...]:
    """Tools separated by spaces, or commas as many write; a tool may narrow itself: `Bash(git log:*)`."""
    if text is None:
        return ()
    tools = tuple(_TOOL_WORD.findall(text.value))
    strange = next((tool for tool in tools if not _TOOL.fullmatch(tool)), None if tools else "")
    if strange is not None:
        advice = "write names separated by spaces or commas, such as: Read Bash(git:*)"
        findings.append(text.wrong(f"allowed-tools has {strange[:40]!r}; {advice}"))
    return tools
