"""The part of YAML that frontmatter may use: no anchors, aliases or tags, bounded in depth and size."""

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event, NodeEvent, ScalarEvent
from yaml.nodes import Node

from tidegate.registry.document import SKILL_MD
from tidegate.registry.finding import Finding

MAX_DEPTH = 16
MAX_VALUES = 2_000

FIRST_LINE = 2
"""The frontmatter's first line in the file: after the opening fence."""


def compose_strictly(source: str, findings: list[Finding]) -> Node | None:
    """The node tree of one document, None with findings otherwise; raises nothing and takes bounded time.

    Events are judged before nodes are built, so no hostile text gets as far as recursion or expansion.
    """
    line = FIRST_LINE
    refused: list[Finding] = []
    try:
        depth = 0
        for count, event in enumerate(yaml.parse(source, Loader=yaml.SafeLoader)):
            line, _ = place(event)
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            refused.extend(_refused_features(event))
            if depth > MAX_DEPTH or count > MAX_VALUES:
                refused.append(_too_much(event, depth))
                break
        root = None if refused else yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        refused.append(_syntax(error))
        root = None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets chr() fail on "\U00110000"
        message = f"frontmatter cannot be read ({error}); check the escapes in this line and those below it"
        refused.append(Finding(path=SKILL_MD, line=line, message=message))
        root = None
    if root is None and not refused:
        message = "frontmatter is empty; 'name' and 'description' are required"
        refused.append(Finding(path=SKILL_MD, line=1, column=1, message=message))
    findings.extend(refused)
    return root


def place(at: Node | Event) -> tuple[int, int]:
    """Line and column in the file, from 1."""
    mark = at.start_mark
    return (mark.line + FIRST_LINE, mark.column + 1) if mark else (FIRST_LINE, 1)


def wrong(at: Node | Event, message: str) -> Finding:
    """A finding where a node or an event begins."""
    line, column = place(at)
    return Finding(path=SKILL_MD, line=line, column=column, message=message)


def _refused_features(event: Event) -> list[Finding]:
    if isinstance(event, AliasEvent):
        return [wrong(event, f"uses the alias '*{event.anchor}'; write the value out")]
    found: list[Finding] = []
    if isinstance(event, NodeEvent) and event.anchor is not None:
        found.append(wrong(event, f"sets the anchor '&{event.anchor}'; write each value out"))
    if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
        found.append(wrong(event, f"has the tag '{event.tag}'; remove it, and quote what is to be a string"))
    return found


def _too_much(event: Event, depth: int) -> Finding:
    if depth > MAX_DEPTH:
        return wrong(event, f"is nested over {MAX_DEPTH} deep; frontmatter needs two levels")
    return wrong(
        event, f"frontmatter has over {MAX_VALUES:,} keys and values; move data to a file of its own"
    )


def _syntax(error: yaml.MarkedYAMLError) -> Finding:
    mark = error.problem_mark or error.context_mark
    said = " ".join(part for part in (error.context, error.problem) if part)
    message = f"frontmatter is not valid: {said}; quote a value that holds ': ' or begins with a sign"
    line, column = (mark.line + FIRST_LINE, mark.column + 1) if mark else (FIRST_LINE, 1)
    return Finding(path=SKILL_MD, line=line, column=column, message=message)
