"""How large a package may be."""

from dataclasses import dataclass

ENTRY_BYTES = 4_096
"""What a file may take in a zip beside its content: twice its path and headers, and what systems add."""

FORM_BYTES = 8_000_000
"""What an upload may have beside the package: a form's own lines, files that are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageLimits:
    """Upper bounds on one package; sizes in bytes, `ratio` unpacked to packed bytes of the whole zip."""

    unpacked_bytes: int = 30_000_000
    file_bytes: int = 25_000_000
    files: int = 500
    ratio: int = 100
    skill_md_bytes: int = 1_048_576
    """SKILL.md travels in every request it is selected for: beyond this it is data, not instructions."""
    frontmatter_bytes: int = 65_536

    @property
    def zip_bytes(self) -> int:
        """A zip's own bytes: room for every package within the other limits, though it is not compressed."""
        return self.unpacked_bytes + ENTRY_BYTES * self.files

    @property
    def zip_directory_bytes(self) -> int:
        """A zip's directory, which is read as a whole before its entries are judged."""
        return ENTRY_BYTES // 2 * self.files

    @property
    def upload_bytes(self) -> int:
        """The body of a request that brings a package."""
        return self.zip_bytes + FORM_BYTES
