"""Validate a skill: a folder or a zip in, a package or every finding out; nothing is written to disk."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tidegate.domain.skill import SkillPackage
from tidegate.registry.archive import canonical_archive, digest_of, file_entries
from tidegate.registry.document import SKILL_MD, take_apart
from tidegate.registry.finding import Finding, ordered, refusal
from tidegate.registry.folder import read_folder
from tidegate.registry.frontmatter import parse_frontmatter
from tidegate.registry.limits import PackageLimits
from tidegate.registry.manifest import read_manifest
from tidegate.registry.sent import read_files
from tidegate.registry.tree import Tree
from tidegate.registry.unzip import read_zip

DEFAULT_LIMITS = PackageLimits()


@dataclass(frozen=True, slots=True)
class Inspection:
    """A package, or what is wrong with it; exactly one of the two is there."""

    package: SkillPackage | None
    findings: tuple[Finding, ...]

    def accepted(self) -> SkillPackage:
        """The package; raises InvalidInput, or TooLarge, with a line for each finding."""
        if self.package is None:
            raise refusal(self.findings)
        return self.package


def validate_folder(path: Path, limits: PackageLimits = DEFAULT_LIMITS) -> SkillPackage:
    """The package in a folder; raises InvalidInput or TooLarge with every finding."""
    return inspect_folder(path, limits).accepted()


def validate_zip(data: bytes, limits: PackageLimits = DEFAULT_LIMITS) -> SkillPackage:
    """The package in a zip; raises InvalidInput or TooLarge with every finding."""
    return inspect_zip(data, limits).accepted()


def inspect_folder(path: Path, limits: PackageLimits = DEFAULT_LIMITS) -> Inspection:
    """As validate_folder, with the findings as values; raises InvalidInput where `path` is unreadable."""
    return _inspect(read_folder(path, limits), limits)


def inspect_zip(data: bytes, limits: PackageLimits = DEFAULT_LIMITS) -> Inspection:
    """As validate_zip, with the findings as values; never raises."""
    return _inspect(read_zip(data, limits), limits)


def inspect_files(sent: Iterable[tuple[str, bytes]], limits: PackageLimits = DEFAULT_LIMITS) -> Inspection:
    """The package in files that were sent by path, with the findings as values; never raises."""
    return _inspect(read_files(sent, limits), limits)


def _inspect(tree: Tree, limits: PackageLimits) -> Inspection:
    findings = list(tree.findings)
    package = None
    content = _skill_md(tree, findings)
    document = take_apart(content, limits) if content is not None else None
    if isinstance(document, Finding):
        findings.append(document)
    elif document is not None:
        frontmatter = parse_frontmatter(document.frontmatter, findings)
        if frontmatter is not None:
            manifest = read_manifest(frontmatter, tree.root, findings)
            if not findings:
                archive = canonical_archive(tree.root or manifest.name, tree.files)
                package = SkillPackage(
                    manifest=manifest,
                    body=document.body,
                    files=file_entries(tree.files),
                    archive=archive,
                    digest=digest_of(archive),
                )
    return Inspection(package, ordered(findings))


def _skill_md(tree: Tree, findings: list[Finding]) -> bytes | None:
    """SKILL.md of the top-level folder, the only file of that name."""
    others = [
        path for path in tree.files if path != SKILL_MD and path.rpartition("/")[2].lower() == "skill.md"
    ]
    content = tree.files.get(SKILL_MD)
    for path in others:
        at_root = "/" not in path and content is None
        advice = (
            f"rename it to {SKILL_MD}" if at_root else f"a package has exactly one {SKILL_MD}, at its root"
        )
        findings.append(Finding(path=path, message=f"has the name of a skill's own file; {advice}"))
    if content is None and not findings:
        message = "is missing; a package has it at the root of its one folder, with name and description"
        findings.append(Finding(path=SKILL_MD, message=message))
    return content
