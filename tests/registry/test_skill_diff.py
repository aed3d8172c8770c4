"""Two versions are compared soon, whatever they hold, and what is not compared is told."""

from cpu import cpu_seconds

from tidegate.domain.skill import FileEntry, Manifest, SkillVersion, VersionState
from tidegate.domain.skill_diff import SkillDiff
from tidegate.registry.archive import canonical_archive
from tidegate.registry.diff import diff

MANIFEST = Manifest(name="tide-table", description="Reads tide tables.")


def compared(before: dict[str, str], after: dict[str, str]) -> SkillDiff:
    one, other = (version(number, files) for number, files in enumerate((before, after), 1))
    archives = tuple(
        canonical_archive("tide-table", {path: text.encode() for path, text in files.items()})
        for files in (before, after)
    )
    return diff(one, other, (archives[0], archives[1]))


def version(number: int, files: dict[str, str]) -> SkillVersion:
    return SkillVersion(
        name="tide-table",
        number=number,
        digest=f"sha256:{number}",
        state=VersionState.PUBLISHED,
        manifest=MANIFEST,
        body="",
        files=tuple(FileEntry(path=path, size=len(text), sha256=text) for path, text in files.items()),
        created_at=1.0,
        created_by="ana",
    )


def repetitive(lines: int, shift: int) -> str:
    """Pairs of one line that is in both texts and one that is in this alone, and none that is popular."""
    return "".join(f"{number // 15}\n{shift}{number}\n" for number in range(lines // 2))


def test_a_text_of_more_lines_than_are_shown_is_told_as_changed() -> None:
    long, longer = ("".join(f"{n}{end}\n" for n in range(2_001)) for end in ("a", "b"))
    found = compared({"a.txt": long, "b.txt": "one\n"}, {"a.txt": longer, "b.txt": "two\n"})
    assert (found.changed, list(found.texts), found.cut) == (["a.txt", "b.txt"], ["b.txt"], True)


def test_texts_made_to_be_slow_take_seconds_together() -> None:
    files = [{f"{n}.txt": repetitive(2_000, shift) for n in range(40)} for shift in (1, 2)]
    assert cpu_seconds(lambda: compared(*files), 5.0) <= 5.0
    found = compared(*files)
    assert len(found.changed) == 40
    assert found.cut


def test_ordinary_texts_are_compared_whole() -> None:
    text = "".join(f"line {number}\n\n" for number in range(900))
    found = compared({"SKILL.md": text}, {"SKILL.md": text.replace("line 7\n", "line seven\n")})
    assert not found.cut
    assert "-line 7" in found.texts["SKILL.md"]
    assert "+line seven" in found.texts["SKILL.md"]
