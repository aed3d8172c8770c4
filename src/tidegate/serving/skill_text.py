"""A skill as a model reads it: its body, and which files there are to read or run."""

from collections.abc import Sequence

from tidegate.domain.skill import FileEntry
from tidegate.serving.fence import fenced
from tidegate.serving.posing import shielded

LISTED_AT_MOST = 100
"""Files named to a model; a skill's body may name further ones."""


def is_script(path: str) -> bool:
    """Whether a file is meant to be run, by its place in the package."""
    return path.startswith("scripts/")


def skill_text(name: str, number: int, body: str, files: Sequence[FileEntry] = ()) -> str:
    """A skill's body in its fence: it cannot end it, nor pose as another skill, the system or the gateway."""
    inside = "\n".join([body, *_listing(files)])
    return fenced("skill", f'name="{name}" version="{number}"', shielded(inside))


def _listing(files: Sequence[FileEntry]) -> list[str]:
    """The files by path and size; the same bytes whether or not tools are offered for them."""
    if not files:
        return []
    lines = [
        f"{entry.path} ({entry.size} bytes{', script' if is_script(entry.path) else ''})"
        for entry in files[:LISTED_AT_MOST]
    ]
    if len(files) > LISTED_AT_MOST:
        lines.append(f"and {len(files) - LISTED_AT_MOST} more")
    intro = "Files of this skill, to be read with tidegate_read_skill_file where that tool is offered:"
    return ["", intro, *lines]
