"""What changed between two versions of a skill."""

import msgspec

from tidegate.domain.capability import Use


class SkillDiff(msgspec.Struct, frozen=True, kw_only=True):
    """From `before` to `after`; `fields` of the frontmatter by name with both values; `texts` by file."""

    name: str
    before: int
    after: int
    added: list[str]
    removed: list[str]
    changed: list[str]
    fields: dict[str, tuple[object, object]]
    texts: dict[str, list[str]]
    cut: bool
    """Whether lines were left out for their number, or a text that is too long or repetitive to compare."""
    capabilities_added: tuple[Use, ...]
    capabilities_removed: tuple[Use, ...]
    """What scripts use in the one version alone."""
