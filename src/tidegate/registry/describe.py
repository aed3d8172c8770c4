"""A skill version as the API and the command line show it."""

from datetime import UTC, datetime

from tidegate.domain.skill import FileEntry, ListedVersion, Manifest, SkillPackage


def describe(version: ListedVersion) -> dict[str, object]:
    """What there is to know of a version but its text; `created_at` in RFC 3339, UTC, to the millisecond."""
    created = datetime.fromtimestamp(version.created_at, UTC).isoformat(timespec="milliseconds")
    return {
        "name": version.name,
        "version": version.number,
        "digest": version.digest,
        "state": version.state.value,
        "description": version.manifest.description,
        "mode": version.manifest.mode,
        **_selecting(version.manifest),
        "metadata": dict(version.manifest.metadata),
        "files": _files(version.files),
        "created_at": created.replace("+00:00", "Z"),
        "created_by": version.created_by,
    }


def describe_package(package: SkillPackage) -> dict[str, object]:
    """A package that is not published: the same but number, state and origin."""
    return {
        "name": package.manifest.name,
        "digest": package.digest,
        "description": package.manifest.description,
        "mode": package.manifest.mode,
        **_selecting(package.manifest),
        "metadata": dict(package.manifest.metadata),
        "files": _files(package.files),
    }


def _selecting(manifest: Manifest) -> dict[str, object]:
    """What the gateway chooses the skill by."""
    return {
        "match": list(manifest.match),
        "keywords": list(manifest.keywords),
        "examples": list(manifest.examples),
        "requires": list(manifest.requires),
        "excludes": list(manifest.excludes),
    }


def _files(files: tuple[FileEntry, ...]) -> list[dict[str, object]]:
    return [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in files]
