"""Reading one of a skill's files for a model."""

import unicodedata
from collections.abc import Mapping

from tidegate.serving.fence import data
from tidegate.serving.hosted.naming import names
from tidegate.serving.hosted.result import Result
from tidegate.serving.posing import shielded
from tidegate.serving.variant import ServedSkill

_MOST_TOLD = 10
"""Paths that a model is told in place of one that there is not."""


def read_file(skill: ServedSkill, path: str, files: Mapping[str, bytes], *, limit: int) -> Result:
    """The text of a file that the skill lists; otherwise why it cannot be read and what can."""
    asked = unicodedata.normalize("NFC", path.strip()).removeprefix("./")
    if asked.startswith("/") or ".." in asked.split("/") or "\\" in asked:
        return Result(
            f"{path!r} is outside the skill {skill.name}; give a path as the skill lists it", "outside_skill"
        )
    content = files.get(asked) if skill.has(asked) else None
    if content is None:
        return Result(f"the skill {skill.name} has no file {path!r}{_others(skill, asked)}", "no_such_file")
    name = shielded(asked)
    if len(content) > limit:
        return Result(
            f"{name} has {len(content):,} bytes; files over {limit:,} bytes are not read. "
            "Go on without it, and say so",
            "file_too_large",
        )
    try:
        return Result(data(content.decode()))
    except UnicodeDecodeError:
        return Result(
            f"{name} is not text ({len(content):,} bytes); only text can be read. Go on without it",
            "binary_file",
        )


def _others(skill: ServedSkill, asked: str) -> str:
    """What there is instead: files of the same name in other folders, else the first that the skill lists.

    Nothing looks for similar names: that takes the square of their lengths, which a publisher chooses.
    """
    paths = [entry.path for entry in skill.files]
    name = asked.rpartition("/")[2]
    same = [path for path in paths if path.rpartition("/")[2] == name]
    told = (same or paths)[:_MOST_TOLD]
    return f"; there is {names(told)}" if told else ""
