"""An uploaded skill: its files from a form or a zip, judged by the API's rules for `SKILL.md` and layout."""

import re
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import cast

import msgspec
import yaml

from tidegate.harness.emulator.multipart import FormPart
from tidegate.harness.emulator.refusal import Refusal

MAX_UNPACKED_BYTES = 30_000_000
SKILL_MD = "SKILL.md"
_ZIP = b"PK\x03\x04"
_NAME = re.compile(r"[a-z0-9-]{1,64}")
_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_RESERVED = ("anthropic", "claude")


class Upload(msgspec.Struct, frozen=True):
    """A skill as it was sent: what its frontmatter says, and its files by path below the skill's folder."""

    name: str
    description: str
    files: dict[str, bytes]


def read_upload(parts: Sequence[FormPart], *, nested: bool) -> Upload:
    """The skill in a form's files; `nested` wants them in a folder named like the skill, as the beta does.

    Raises Refusal (400; 413 beyond the size limit).
    """
    sent = [part for part in parts if part.name in ("files", "files[]") and part.filename is not None]
    if not sent:
        raise Refusal(400, "files: Field required")
    if len(sent) == 1 and sent[0].content.startswith(_ZIP):
        named = _unzipped(sent[0].content)
    else:
        named = {cast("str", part.filename): part.content for part in sent}
    _check_size(sum(map(len, named.values())))
    folder, files = _rooted(named, nested=nested)
    name, description = _frontmatter(files[SKILL_MD], folder)
    if nested and folder != name:
        raise Refusal(400, f"The top-level folder {folder!r} must match the skill name {name!r} in SKILL.md")
    return Upload(name, description, files)


def _unzipped(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_size(sum(entry.file_size for entry in entries))
            return {entry.filename: archive.read(entry) for entry in entries}
    except (
        zipfile.BadZipFile,
        NotImplementedError,  # what zipfile raises for a zip feature that it does not have
        ValueError,
        OSError,
    ) as problem:
        raise Refusal(400, f"files: the zip cannot be read: {problem}") from None


def _check_size(size: int) -> None:
    if size > MAX_UNPACKED_BYTES:
        raise Refusal(413, f"The skill's files exceed {MAX_UNPACKED_BYTES} bytes uncompressed")


def _rooted(named: Mapping[str, bytes], *, nested: bool) -> tuple[str, dict[str, bytes]]:
    """The top-level folder ("" for none) and the files below it."""
    tops = {path.split("/", 1)[0] for path in named if "/" in path}
    loose = any("/" not in path for path in named)
    folder = tops.pop() if len(tops) == 1 and not loose else ""
    if (nested and not folder) or (tops and not loose):
        raise Refusal(400, "All files must be in the same top-level folder")
    files = {path.removeprefix(f"{folder}/") if folder else path: data for path, data in named.items()}
    if SKILL_MD not in files:
        raise Refusal(400, "SKILL.md file must be exactly in the top-level folder")
    return folder, files


def _frontmatter(content: bytes, folder: str) -> tuple[str, str]:
    """Name and description; the name is the folder's where SKILL.md gives none."""
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    _, fence, rest = text.partition("---\n") if text.startswith("---\n") else ("", "", "")
    try:
        parsed: object = yaml.safe_load(rest.split("\n---", 1)[0]) if fence else None
    except yaml.YAMLError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Refusal(400, "SKILL.md must start with YAML frontmatter (---)")
    fields = cast("dict[str, object]", parsed)
    name, description = fields.get("name") or folder, fields.get("description")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or any(word in name for word in _RESERVED):
        raise Refusal(
            400, "SKILL.md name: at most 64 lowercase letters, digits and hyphens, no reserved word"
        )
    if not isinstance(description, str) or not 1 <= len(description) <= 1024 or _TAG.search(description):
        raise Refusal(400, "SKILL.md description: 1 to 1024 characters without XML tags")
    return name, description
