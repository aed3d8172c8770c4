"""Judge the frontmatter: tools without asking, description, patterns that select."""

from collections.abc import Iterator

from tidegate.domain.skill import Manifest
from tidegate.registry.document import SKILL_MD
from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.matching import Matcher
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules import metadata as rules
from tidegate.registry.scan.source import Source, as_text

_TOOL = pattern(r"^([\w.:*-]+?)(?:\((.*)\))?$")
_ANYTHING = frozenset({"*", "**", ":*", "*:*", "**/*", "/**", "/*", "~/**", "~/*", "//**", ""})
_SHELLS = frozenset({
    "bash", "sh", "zsh", "dash", "fish", "sudo", "su", "doas", "eval", "exec", "env", "xargs", "nc",
    "ncat", "netcat",
    "socat", "ssh", "cmd", "powershell", "pwsh", "osascript",
})  # fmt: skip
_WIDE = frozenset({
    "python", "python3", "node", "perl", "ruby", "php", "deno", "bun", "npx", "uvx", "curl", "wget",
    "rm", "chmod",
    "docker", "scp", "rsync", "pip", "npm", "kubectl", "aws", "gcloud", "terraform", "find", "git",
})  # fmt: skip
_WRITERS = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})
_MANY_TERMS = 40
_ORDINARY = (
    "What is the weather like tomorrow?", "Write a short poem about autumn.",
    "Translate this sentence into French.",
    "Fix the bug in my login page.", "Summarise the attached report, please.",
    "How many calories has an apple?",
    "Plan a trip to Norway in June", "Explain recursion to a child.", "Make a table of these expenses.",
    "Draft an answer to this customer.", "Convert 20 miles to kilometres", "Who wrote Faust?",
)  # fmt: skip
_FITS_NEARLY_ALL = 9


def judge_manifest(manifest: Manifest, source: Source, descriptions: Matcher) -> Iterator[Found]:
    """Findings on the frontmatter, with the lines they are in."""
    yield from _tools(manifest, source)
    line = _line(source, "description:")
    context = Context(as_text(manifest.description), (), ())
    yield from descriptions.find(SKILL_MD, context, first_line=line)
    terms = (
        manifest.description.count(",") + manifest.description.count("|") + manifest.description.count(";")
    )
    if terms >= _MANY_TERMS or len(manifest.keywords) >= _MANY_TERMS:
        yield found(rules.STUFFED, SKILL_MD, line, manifest.description)
    for written in manifest.match:
        selects = pattern(written)
        fitting = sum(selects.search(text) is not None for text in _ORDINARY)
        if fitting >= _FITS_NEARLY_ALL:
            yield found(rules.GREEDY_PATTERN, SKILL_MD, _line(source, "tidegate.match"), written)


def _tools(manifest: Manifest, source: Source) -> Iterator[Found]:
    line = _line(source, "allowed-tools:")
    for tool in manifest.allowed_tools:
        name, limits = _take_apart(tool)
        command = (limits or "").split(":")[0].split()[:1]
        first = command[0].rpartition("/")[2] if command else ""
        unlimited = limits is not None and limits.strip() in _ANYTHING
        if (
            name in ("*", "mcp__*", "all")
            or (unlimited and name in {"Bash", "Shell", *_WRITERS})
            or (name in (("Bash"), "Shell") and first in _SHELLS)
        ):
            yield found(rules.BROAD_TOOLS, SKILL_MD, line, tool)
        elif name in ("Bash", "Shell") and (
            limits is None or (first in _WIDE and _open_ended(limits, first))
        ):
            yield found(rules.WIDE_TOOLS, SKILL_MD, line, tool)


def _take_apart(tool: str) -> tuple[str, str | None]:
    parts = _TOOL.search(tool)
    return (parts[1], parts[2]) if parts else (tool, None)


def _open_ended(limits: str, first: str) -> bool:
    """Whether nothing narrows the command: `python:*`, but not `git log:*`."""
    return limits.strip() in (f"{first}:*", f"{first} *", f"{first}*", first) and first != "git"


def _line(source: Source, key: str) -> int:
    at = source.text.find(key)
    return source.text.count("\n", 0, at) + 1 if at >= 0 else 1
