"""A configuration file as read, which still knows on which line a key stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]")


@dataclass(frozen=True, slots=True)
class Document:
    """The file's path, its text and its decoded top level; empty where there is no file."""

    path: str = ""
    text: str = ""
    top: Mapping[str, object] = field(default_factory=dict[str, object])

    def section(self, name: str) -> Mapping[str, object]:
        """The keys of a section; none where it is absent or not a section."""
        value = self.top.get(name)
        return cast(Mapping[str, object], value) if isinstance(value, dict) else {}

    def source(self, section: str, name: str | None = None) -> str:
        """`FILE:LINE` of a section's header or of a key in it; `FILE` where the line cannot be told."""
        line = self._line(section, name)
        return self.path if line is None else f"{self.path}:{line}"

    def _line(self, section: str, name: str | None) -> int | None:
        current = ""
        wanted = section if name is None else f"{section}.{name}"
        for number, line in enumerate(self.text.splitlines(), start=1):
            header = _HEADER.match(line)
            if header:
                current = _bare(header[1])
            key = _bare(line.split("=", 1)[0]) if "=" in line and not header else None
            written = current if key is None else f"{current}.{key}".lstrip(".")
            if written == wanted and (header or key):
                return number
        return None


def _bare(name: str) -> str:
    """A TOML key without the quotes and spaces it may be written with."""
    return ".".join(part.strip().strip("\"'") for part in name.strip().split("."))
