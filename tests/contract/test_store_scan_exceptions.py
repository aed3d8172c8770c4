import msgspec
import pytest

from tidegate.domain.capability import Capability, Use
from tidegate.domain.errors import Conflict, NotFound
from tidegate.domain.scan_exception import Objection, ScanException


def _asked(digest: str = "sha256:a", **changes: object) -> ScanException:
    finding = Objection(
        rule="bad",
        severity="high",
        path="SKILL.md",
        line=5,
        title="t",
        excerpt="e \u20ac",
        source="tidegate",
        blocks=True,
    )
    asked = ScanException(
        digest=digest,
        name="tide-table",
        rules=("bad",),
        findings=(finding,),
        findings_in_all=1,
        uses=(Use(Capability.NETWORK, "scripts/a.py", 3, "socket"),),
        uses_in_all=1,
        asked_by="ana",
        asked_because="ours",
        asked_at=1.0,
    )
    return msgspec.structs.replace(asked, **changes)


async def test_what_is_asked_for_is_kept_whole_and_so_is_what_is_granted(store) -> None:
    before = await store.routing.revision()
    assert await store.scan_exceptions.ask(_asked()) == (_asked(), before + 1)
    granted, revision = await store.scan_exceptions.grant("sha256:a", by="oto", reason="seen", at=2.0)
    assert granted == _asked(granted_by="oto", granted_because="seen", granted_at=2.0)
    assert await store.scan_exceptions.get("sha256:a") == granted
    assert await store.scan_exceptions.list() == [granted]
    assert revision == await store.routing.revision()
    asked, agreed = await store.rollouts.events("skills")
    assert (asked.kind, agreed.kind, agreed.reason) == ("exception-requested", "exception-granted", "seen")
    told = {"name": "tide-table", "digest": "sha256:a", "rules": ["bad"], "uses": ["network"]}
    assert msgspec.json.decode(agreed.data) == told


async def test_what_was_asked_before_findings_were_kept_is_read(store) -> None:
    older = _asked(findings=(), findings_in_all=0, uses=(), uses_in_all=0)
    await store.scan_exceptions.ask(older)
    assert "findings" not in msgspec.json.decode(msgspec.json.encode(older))
    assert await store.scan_exceptions.get("sha256:a") == older


async def test_nothing_is_granted_twice_nor_without_a_request(store) -> None:
    with pytest.raises(NotFound, match="no exception was requested"):
        await store.scan_exceptions.grant("sha256:a", by="oto", reason="seen", at=2.0)
    await store.scan_exceptions.ask(_asked())
    await store.scan_exceptions.grant("sha256:a", by="oto", reason="seen", at=2.0)
    with pytest.raises(Conflict, match="granted before, by oto"):
        await store.scan_exceptions.grant("sha256:a", by="eva", reason="again", at=3.0)
    with pytest.raises(Conflict, match="has an exception already"):
        await store.scan_exceptions.ask(_asked())
