"""A folder that pages of reports are kept in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReportFolder:
    """Where pages are kept; each appears whole, in the place of one of that name."""

    path: Path

    async def keep(self, name: str, pages: Mapping[str, bytes]) -> None:
        """Write `NAME.FORMAT` for each; raises OSError."""
        await asyncio.to_thread(self._keep, name, pages)

    def _keep(self, name: str, pages: Mapping[str, bytes]) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        for form, content in pages.items():
            partial = self.path / f".{name}.{form}.partial"
            partial.write_bytes(content)
            partial.replace(self.path / f"{name}.{form}")
