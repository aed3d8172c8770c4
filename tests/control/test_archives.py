"""An archive is handed out as it was published, or not at all."""

import msgspec
import pytest

from tidegate.control.archives import intact_archive
from tidegate.domain.errors import NotFound, TidegateError
from tidegate.registry.archive import canonical_archive
from tidegate.registry.validate import validate_zip

MD = b"---\nname: tide-table\ndescription: Reads tides.\n---\nRead.\n"


@pytest.fixture
def package():
    return validate_zip(canonical_archive("tide-table", {"SKILL.md": MD}))


async def published(services, package):
    version, _ = await services.store.skills.publish(package, by="ann", reason="r", at=1.0)
    return version


async def test_what_was_published_is_handed_out(services, package) -> None:
    assert await intact_archive(services, await published(services, package)) == package.archive


@pytest.mark.parametrize(
    "change", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"", lambda b: b"PK" * 40]
)
async def test_other_bytes_are_refused_and_logged(services, package, caplog, change) -> None:
    other = msgspec.structs.replace(package, archive=change(package.archive))
    version = await published(services, other)
    with pytest.raises(TidegateError, match=r"tide-table version 1: .* is not handed out; .* a backup"):
        await intact_archive(services, version)
    (logged,) = caplog.records
    assert (logged.levelname, logged.skill, logged.version) == ("ERROR", "tide-table", 1)


async def test_what_the_store_has_not_is_not_found(services, package) -> None:
    version = await published(services, package)
    gone = msgspec.structs.replace(version, digest="sha256:gone")
    with pytest.raises(NotFound, match="not in the store"):
        await intact_archive(services, gone)
