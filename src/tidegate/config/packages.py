"""The settings of how large a skill's package may be."""

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.config.setting import setting
from tidegate.config.values import between, sized, whole

MOST = "64MB"
"""Of a package: it is read, judged and stored in one piece, several times its size in memory."""

MOST_FILES = 2_000
"""Each is scanned while somebody waits for the answer."""

MOST_RATIO = 1_032
"""No deflated byte makes more, so a higher ratio could hold nothing back."""

MOST_SKILL_MD = "32MB"
"""It goes into requests, and the Messages API takes none that are larger."""

MOST_FRONTMATTER = "1MiB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """What is taken as a package, by the gateway and by commands that read this configuration."""

    unpacked: int = setting(
        sized("64B", MOST), "30MB", f"Bytes of all files of a package together, unpacked; at most {MOST}."
    )
    file: int = setting(
        sized("64B", MOST), "25MB", "Bytes of one file, unpacked; more than `unpacked` is refused."
    )
    files: int = setting(between(1, MOST_FILES, whole), "500", f"Files in a package; at most {MOST_FILES:,}.")
    ratio: int = setting(
        between(1, MOST_RATIO, whole),
        "100",
        f"How many times its own size a zip may unpack to; at most {MOST_RATIO:,}, all that deflate can.",
    )
    skill_md: int = setting(
        sized("64B", MOST_SKILL_MD), "1MiB", f"Bytes of SKILL.md; at most {MOST_SKILL_MD} and `unpacked`."
    )
    frontmatter: int = setting(
        sized("64B", MOST_FRONTMATTER),
        "64KiB",
        f"Bytes of SKILL.md's frontmatter; at most {MOST_FRONTMATTER} and `skill_md`.",
    )


def without_effect(packages: Packages, sources: Mapping[str, str]) -> list[str]:
    """What was set beyond another limit that holds first; a default beyond one is no mistake of anybody's."""
    pairs = (
        ("file", "unpacked"),
        ("skill_md", "unpacked"),
        ("skill_md", "file"),
        ("frontmatter", "skill_md"),
    )
    sizes = {"unpacked": packages.unpacked, "file": packages.file}
    sizes |= {"skill_md": packages.skill_md, "frontmatter": packages.frontmatter}
    return [
        f"packages.{inner} ({sources[f'packages.{inner}']}) must be at most packages.{outer}, which is "
        f"{sizes[outer]:,} bytes and holds first; found {sizes[inner]:,}"
        for inner, outer in pairs
        if sizes[inner] > sizes[outer] and sources[f"packages.{inner}"] != "default"
    ]
