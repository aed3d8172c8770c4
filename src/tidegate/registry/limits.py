"""How large a package may be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageLimits:
    """Upper bounds on one package; sizes in bytes, `ratio` unpacked to packed bytes of the whole zip."""

    unpacked_bytes: int = 30_000_000
    file_bytes: int = 25_000_000
    files: int = 500
    ratio: int = 100
    zip_bytes: int = 32_000_000
    zip_directory_bytes: int = 1_048_576
    skill_md_bytes: int = 1_048_576
    """SKILL.md travels in every request it is selected for: beyond this it is data, not instructions."""
    frontmatter_bytes: int = 65_536
