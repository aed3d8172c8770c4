"""Promotion by a signed link: what the page shows, what it takes, and every link that is no good."""

import json
import logging
from collections.abc import AsyncIterator, Callable

import httpx2
import msgspec
import pytest
from fresh_store import fresh_store

from tidegate.control.approval_links import LINK_NOTICE, ApprovalLinks
from tidegate.control.caller import by_key
from tidegate.control.commit import commit
from tidegate.control.keys import create_key, revoke_key
from tidegate.control.moves import move_rollout
from tidegate.control.outbox import deliver_notices
from tidegate.control.services import Services
from tidegate.domain.access import Switch
from tidegate.domain.exchange import Arm, Exchange, Outcome
from tidegate.domain.rollout import (
    Eligible,
    Gates,
    Move,
    Phase,
    Plan,
    Rollout,
    SamplesGate,
    Stage,
    Unit,
    Variant,
)
from tidegate.domain.transition import apply
from tidegate.registry.scan.here import ScanningHere
from tidegate.web.control_api import create_control_api

START = 1_800_000_000.0
LINKS = ApprovalLinks(secret=lambda: b"s" * 32, url="https://tidegate.example", seconds=3_600.0)


class Clock:
    at = START

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class Deaf:
    def add(self, *_: object) -> None:
        pass


@pytest.fixture
async def services(tmp_path) -> AsyncIterator[Services]:
    clock = Clock()
    store = await fresh_store(tmp_path / "tidegate.db", clock)
    yield Services(store, clock, links=LINKS)
    await store.close()


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    now = services.clock.now
    app = create_control_api(services, by_key(services.store.keys, now=now), scan=ScanningHere().scan)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://tidegate.example") as opened:
        yield opened


async def key(services: Services, name: str, role: str = "operator", tenant: str = "default"):
    """The id and the secret of a new key."""
    record, secret, _ = await create_key(
        services, role=role, name=name, tenant=tenant, actor="test", reason="test"
    )
    return record.id, secret


async def asking(services: Services, approvals: int = 1, name: str = "contracts") -> Rollout:
    """A rollout whose first stage asks for approval, with good evidence."""
    plan = Plan(
        name=name,
        unit=Unit.REQUEST,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=(
            Stage(name="canary", weight=5_000, bake_seconds=60, approvals=approvals),
            Stage(name="full", weight=10_000, bake_seconds=60, holdout=500),
        ),
        gates=Gates(samples=SamplesGate(min=5)),
    )
    draft = Rollout(name=name, plan=plan, phase=Phase.DRAFT, salt="0" * 32, created_at=START, created_by="t")
    began = apply(draft, Move.START, START)
    first = await commit(services, began, began, move=Move.START, actor="t", reason="t", at=START)
    await serve(services, first.rollout)
    services.clock.at = START + 61
    return await ask(services, first.rollout)


async def serve(services: Services, rollout: Rollout) -> None:
    made = [
        Exchange(
            id=f"{rollout.name}-{n}",
            at=services.clock.now(),
            finished_at=services.clock.now(),
            tenant="default",
            key_id="key_1",
            unit_hash=f"u{n}",
            rollout=rollout.name,
            attempt=1,
            stage=rollout.stage,
            unit_kind="request",
            arm=Arm.CANDIDATE if n % 2 else Arm.CONTROL,
            triggered=True,
            outcome=Outcome.OK,
            status=200,
            seconds=0.2,
        )
        for n in range(20)
    ]
    await services.store.ledger.ingest(made, [])


async def ask(services: Services, rollout: Rollout) -> Rollout:
    now = services.clock.now()
    after = apply(rollout, Move.ASK, now)
    done = await commit(services, rollout, after, move=Move.ASK, actor="controller", reason="r", at=now)
    return done.rollout


async def link_for(client: httpx2.AsyncClient, secret: str, key_id: str, name: str = "contracts") -> str:
    answer = await client.get(
        f"/api/rollouts/{name}/link", params={"key": key_id}, headers={"x-api-key": secret}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["link"]


async def state(services: Services, name: str = "contracts") -> tuple[str, int]:
    rollout = await services.store.rollouts.get(name)
    assert rollout is not None
    return str(rollout.phase), rollout.stage


async def test_opening_a_link_shows_what_is_asked_and_changes_nothing(services, client) -> None:
    await asking(services)
    mine, secret = await key(services, "ana")
    link = await link_for(client, secret, mine)
    assert link.startswith("https://tidegate.example/api/approvals/")
    await services.store.switches.off(
        Switch(scope="all", target="*", by="bob", reason="<b>now</b>", at=START)
    )
    for _ in range(2):
        page = await client.get(link)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Promote contracts beyond stage canary?" in page.text
    assert f"ana ({mine})" in page.text
    assert "&lt;b&gt;now&lt;/b&gt;" in page.text
    assert "<b>now" not in page.text
    assert await state(services) == ("awaiting-approval", 0)


async def test_its_page_is_kept_nowhere_and_framed_by_nobody(services, client) -> None:
    await asking(services)
    mine, secret = await key(services, "ana")
    page = await client.get(await link_for(client, secret, mine))
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text


async def test_sending_the_form_promotes_in_the_name_of_the_key_and_once(services, client) -> None:
    await asking(services)
    mine, _ = await key(services, "ana")
    _, others = await key(services, "bo")
    link = await link_for(client, others, mine)
    page = await client.post(link, content=b"reason=as+agreed", headers=FORM)
    assert page.status_code == 200, page.text
    assert "Promoted by ana" in page.text
    assert await state(services) == ("progressing", 1)
    event = (await services.store.rollouts.events("rollout:contracts"))[-1]
    assert (event.kind, event.actor) == ("promote", f"ana ({mine})")
    assert event.reason.startswith("as agreed (by a link that bo (key_")
    again = await client.post(link, content=b"", headers=FORM)
    assert again.status_code == 409
    assert "is over" in again.text
    assert (await client.get(link)).status_code == 409
    assert await state(services) == ("progressing", 1)


FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_two_approvals_are_two_peoples_by_link_or_key(services, client) -> None:
    await asking(services, approvals=2)
    ana, secret = await key(services, "ana")
    bo, his = await key(services, "bo")
    first, second = await link_for(client, secret, ana), await link_for(client, his, bo)
    borrowed = await client.post(await link_for(client, secret, bo), content=b"", headers=FORM)
    assert borrowed.status_code == 403
    assert "let bo" in borrowed.text
    page = await client.post(first, content=b"", headers=FORM)
    assert "Approval 1 of 2 is recorded" in page.text
    assert (await client.post(first, content=b"", headers=FORM)).status_code == 409
    by_key_too = await client.post(
        "/api/rollouts/contracts/promote", json={"reason": "again"}, headers={"x-api-key": secret}
    )
    assert by_key_too.status_code == 409
    assert await state(services) == ("awaiting-approval", 0)
    assert "Promoted by bo" in (await client.post(second, content=b"", headers=FORM)).text
    assert await state(services) == ("progressing", 1)


async def test_a_link_expires(services, client) -> None:
    await asking(services)
    mine, secret = await key(services, "ana")
    link = await link_for(client, secret, mine)
    services.clock.at += LINKS.seconds
    for answer in (await client.get(link), await client.post(link, content=b"", headers=FORM)):
        assert answer.status_code == 403
        assert "expired" in answer.text
    assert await state(services) == ("awaiting-approval", 0)


async def test_a_link_is_worth_no_more_than_its_key(services, client) -> None:
    await asking(services)
    mine, _ = await key(services, "ana")
    _, secret = await key(services, "bo")
    link = await link_for(client, secret, mine)
    await revoke_key(services, mine, actor="test", reason="she has left")
    refused = await client.post(link, content=b"", headers=FORM)
    assert refused.status_code == 403
    assert "was revoked" in refused.text
    assert await state(services) == ("awaiting-approval", 0)


@pytest.mark.parametrize(
    ("role", "tenant"), [("viewer", "default"), ("client", "default"), ("operator", "acme")]
)
async def test_no_link_is_made_for_a_key_that_may_not_promote(services, client, role, tenant) -> None:
    await asking(services)
    other, _ = await key(services, "ana", role, tenant)
    _, secret = await key(services, "bo")
    answer = await client.get(
        "/api/rollouts/contracts/link", params={"key": other}, headers={"x-api-key": secret}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("role", ["viewer", "publisher", None])
async def test_who_may_not_promote_may_make_no_link(services, client, role) -> None:
    await asking(services)
    mine, _ = await key(services, "ana")
    headers = {"x-api-key": (await key(services, "x", role))[1]} if role else {}
    answer = await client.get("/api/rollouts/contracts/link", params={"key": mine}, headers=headers)
    assert answer.status_code == (403 if role else 401)


async def test_no_link_is_made_where_nothing_is_asked_or_for_nobody(services, client) -> None:
    await asking(services)
    mine, secret = await key(services, "ana")
    headers = {"x-api-key": secret}
    unknown = await client.get("/api/rollouts/contracts/link", params={"key": "key_0"}, headers=headers)
    assert unknown.status_code == 404
    await move_rollout(services, "contracts", Move.PAUSE, actor="t", reason="a look")
    paused = await client.get("/api/rollouts/contracts/link", params={"key": mine}, headers=headers)
    assert (paused.status_code, "paused" in paused.text) == (409, True)


async def test_a_pause_ends_the_asking_that_a_link_was_for(services, client) -> None:
    await asking(services)
    mine, secret = await key(services, "ana")
    link = await link_for(client, secret, mine)
    services.clock.at += 5
    await move_rollout(services, "contracts", Move.PAUSE, actor="t", reason="a look")
    assert (await client.post(link, content=b"", headers=FORM)).status_code == 409
    services.clock.at += 5
    await move_rollout(services, "contracts", Move.RESUME, actor="t", reason="go on")
    assert await state(services) == ("awaiting-approval", 0)
    assert (await client.post(link, content=b"", headers=FORM)).status_code == 409
    assert await state(services) == ("awaiting-approval", 0)


async def test_a_link_is_for_the_asking_that_it_finds_when_it_commits(services, client, monkeypatch) -> None:
    """Paused and resumed between the look at the link and the move: it looks the same and is not."""
    await asking(services)
    mine, secret = await key(services, "ana")
    link = await link_for(client, secret, mine)

    async def overtaken(found: Services, name: str, *rest: Move, **how: object):
        services.clock.at += 5
        await move_rollout(found, name, Move.PAUSE, actor="t", reason="a look")
        await move_rollout(found, name, Move.RESUME, actor="t", reason="go on")
        return await move_rollout(found, name, *rest, **how)

    monkeypatch.setattr("tidegate.control.linked_approval.move_rollout", overtaken)
    assert (await client.post(link, content=b"", headers=FORM)).status_code == 409
    assert await state(services) == ("awaiting-approval", 0)


async def test_a_revision_ends_the_asking_and_the_new_page_says_so(services, client) -> None:
    asked = await asking(services)
    mine, secret = await key(services, "ana")
    old = await link_for(client, secret, mine)
    revised = apply(asked, Move.REVISE, services.clock.now(), candidate=Variant(timeout_seconds=1.0))
    await commit(services, asked, revised, move=Move.REVISE, actor="t", reason="r", at=services.clock.now())
    assert (await client.post(old, content=b"", headers=FORM)).status_code == 409
    assert await state(services) == ("awaiting-approval", 0)
    link = await link_for(client, secret, mine)
    assert "The candidate was revised" in (await client.get(link)).text
    assert "Promoted by ana" in (await client.post(link, content=b"", headers=FORM)).text


async def test_a_link_for_one_rollout_is_none_for_another(services, client) -> None:
    await asking(services)
    mine, secret = await key(services, "ana")
    link = await link_for(client, secret, mine)
    head, _, token = link.rpartition("/")
    said, _, signature = token.partition(".")
    other = said.replace(said[:8], "WyJvdGhl", 1)
    assert (await client.post(f"{head}/{other}.{signature}", content=b"", headers=FORM)).status_code == 403


@pytest.mark.parametrize("token", ["x", "a.b", "%2e%2e", "x" * 3000])
async def test_what_is_no_link_is_refused_on_a_page(client, token: str) -> None:
    for answer in (
        await client.get(f"/api/approvals/{token}"),
        await client.post(f"/api/approvals/{token}", content=b"", headers=FORM),
    ):
        assert answer.status_code == 403
        assert "Nothing was done" in answer.text


@pytest.mark.parametrize("body", [b"\xff", b"a=1&b=2&c=3&d=4&e=5&f=6", b"reason=" + b"x" * 2_000])
async def test_a_form_that_cannot_be_taken_promotes_nothing(services, client, body: bytes) -> None:
    await asking(services)
    mine, secret = await key(services, "ana")
    answer = await client.post(await link_for(client, secret, mine), content=body, headers=FORM)
    assert answer.status_code == 400
    assert await state(services) == ("awaiting-approval", 0)


async def test_a_gate_that_fails_meanwhile_refuses_the_link_too(services, client) -> None:
    rollout = await asking(services)
    mine, secret = await key(services, "ana")
    link = await link_for(client, secret, mine)
    stricter = msgspec.structs.replace(rollout.plan, gates=Gates(samples=SamplesGate(min=5_000)))
    changed = msgspec.structs.replace(rollout, plan=stricter)
    await commit(services, changed, changed, move=None, actor="t", reason="t", at=services.clock.now())
    refused = await client.post(link, content=b"", headers=FORM)
    assert (refused.status_code, "cannot promote" in refused.text) == (409, True)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, object]]]:
    caplog.set_level(logging.INFO, logger="tidegate.notices")
    return lambda: [json.loads(record.data) for record in caplog.records if record.kind == LINK_NOTICE]


async def test_each_approver_is_sent_a_link_of_their_own_which_the_log_leaves_out(
    services, client, told
) -> None:
    mine, _ = await key(services, "ana")
    other, _ = await key(services, "bo")
    links = ApprovalLinks(secret=LINKS.secret, url=LINKS.url, keys=(mine, other), seconds=LINKS.seconds)
    asked = Services(services.store, services.clock, links=links)
    await asking(asked)
    sent = [each for each in await services.store.outbox.pending(20) if each.kind == LINK_NOTICE]
    said = [msgspec.json.decode(each.data) for each in sent]
    assert {each["key"] for each in said} == {mine, other}
    page = await client.get(next(each["link"] for each in said if each["key"] == other))
    assert f"bo ({other})" in page.text
    await deliver_notices(services.store.outbox, services.clock, Deaf())
    logged = told()
    assert {each["key"] for each in logged} == {mine, other}
    assert not any("/api/approvals/" in str(each["link"]) for each in logged)
