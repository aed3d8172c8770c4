"""How large a package may be, as it is configured."""

from tidegate.config import Settings
from tidegate.config.packages import MOST, MOST_FILES, MOST_FRONTMATTER, MOST_RATIO, MOST_SKILL_MD
from tidegate.config.values import size
from tidegate.registry.limits import PackageLimits

WIDEST = PackageLimits(
    unpacked_bytes=size(MOST),
    file_bytes=size(MOST),
    files=MOST_FILES,
    ratio=MOST_RATIO,
    skill_md_bytes=size(MOST_SKILL_MD),
    frontmatter_bytes=size(MOST_FRONTMATTER),
)
"""What no installation goes beyond, however it is configured."""


def package_limits(settings: Settings) -> PackageLimits:
    """The validator's limits; those of the zip itself follow from them."""
    given = settings.packages
    return PackageLimits(
        unpacked_bytes=given.unpacked,
        file_bytes=given.file,
        files=given.files,
        ratio=given.ratio,
        skill_md_bytes=given.skill_md,
        frontmatter_bytes=given.frontmatter,
    )
