"""Reading one of a skill's files for a model."""

import difflib
import unicodedata
from collections.abc import Mapping

from tidegate.serving.fence import data
from tidegate.serving.hosted.naming import names
from tidegate.serving.hosted.result import Result
from tidegate.serving.posing import shielded
from tidegate.serving.variant import ServedSkill


def read_file(skill: ServedSkill, path: str, files: Mapping[str, bytes], *, limit: int) -> Result:
    """The text of a file that the skill lists; otherwise why it cannot be read and what can."""
    asked = unicodedata.normalize("NFC", path.strip()).removeprefix("./")
    if asked.startswith("/") or ".." in asked.split("/") or "\\" in asked:
        return Result(
            f"{path!r} is outside the skill {skill.name}; give a path as the skill lists it", "outside_skill"
        )
    content = files.get(asked) if skill.has(asked) else None
    if content is None:
        return Result(f"the skill {skill.name} has no file {path!r}{_nearest(skill, asked)}", "no_such_file")
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


def _nearest(skill: ServedSkill, asked: str) -> str:
    paths = [entry.path for entry in skill.files]
    near = difflib.get_close_matches(asked, paths, n=3) or paths[:10]
    return f"; there is {names(near)}" if near else ""
