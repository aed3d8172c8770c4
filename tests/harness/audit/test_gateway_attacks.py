"""Attacks over HTTP fail at a gateway with default settings; with its guard taken away, each succeeds."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
import pytest_asyncio
from sandboxes import require_namespaces
from sqlalchemy import Connection, or_, select

from tidegate.adapters.memory_cache import MemoryCache
from tidegate.adapters.skill_host import AnthropicSkillHost
from tidegate.adapters.storage import votes as stored_votes
from tidegate.adapters.storage.schema import EXCHANGE
from tidegate.adapters.storage.skills import SqlSkills
from tidegate.bootstrap.audit import audited_gateway
from tidegate.config import load
from tidegate.control import archives as handed_out
from tidegate.control import caller
from tidegate.control.caller import Caller
from tidegate.domain.access import hash_secret
from tidegate.domain.errors import Conflict, CredentialRefused
from tidegate.domain.exchange import Vote
from tidegate.domain.reuse import CachedAnswer
from tidegate.harness.audit import access, votes, wire
from tidegate.harness.audit.gateway import GATEWAY
from tidegate.harness.audit.isolation import judge_result, judge_skill_text
from tidegate.harness.audit.judgement import Verdict
from tidegate.harness.audit.leaky import leaky_provider
from tidegate.harness.audit.operations import OPERATIONS, OTHERS_CHANGES, OTHERS_SUMS
from tidegate.harness.audit.run import try_gateway
from tidegate.harness.audit.target import FORGED, FORGED_NAME, MODEL, PROBE, SWAPPED, Target, prepare
from tidegate.serving import admission, attempt, containers, headers, locked_out, reuse
from tidegate.serving.cache_key import CacheKeys
from tidegate.serving.containers import ContainerTags
from tidegate.serving.fence import data
from tidegate.serving.hosted import archives, desk, hosting, seal
from tidegate.serving.hosted.desk import Counter, SkillDesk
from tidegate.serving.hosted.results import ScriptResults
from tidegate.serving.metering import Draft
from tidegate.serving.skill_text import skill_text
from tidegate.serving.upstreams import Upstreams
from tidegate.serving.variant import ServedSkill
from tidegate.serving.workspace_files import FileTags
from tidegate.web.route_scopes import ROUTE_SCOPES, RouteScope, ScopeTable

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("audit")]

BY_NAME = {each.attack.id.removeprefix("gateway/"): each for each in GATEWAY}
HASTY = "[server]\nhead_timeout = '300ms'\nbody_timeout = '300ms'\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Target]:
    require_namespaces()
    folder = tmp_path_factory.mktemp("audited")
    (folder / "tidegate.toml").write_text(HASTY)
    settings = load(home=folder, environ={}).settings
    (folder / "own").mkdir(mode=0o700)
    async with audited_gateway(settings, folder / "own") as made:
        await prepare(made)
        yield made


async def tried(target: Target, name: str) -> tuple[Verdict, str]:
    (line,) = await try_gateway(target, scripts=True, only=[f"gateway/{name}"])
    return line.outcome.verdict, line.outcome.seen


@pytest.mark.parametrize("name", list(BY_NAME))
async def test_the_attack_fails(target: Target, name: str) -> None:
    verdict, seen = await tried(target, name)
    assert verdict is Verdict.HELD, seen


Patch = Callable[[pytest.MonkeyPatch, Target], None]


def _patch(owner: object, attribute: str, replacement: object) -> Patch:
    return lambda patch, target: patch.setattr(owner, attribute, replacement)


def _any_key(patch: pytest.MonkeyPatch, target: Target) -> None:
    known = SimpleNamespace(hexdigest=partial(hash_secret, target.keys["client-a"]))
    patch.setattr(admission, "sha256", lambda secret: known)


def _no_key_needed(patch: pytest.MonkeyPatch, target: Target) -> None:
    patch.setattr(caller, "_secret", lambda headers: target.keys["operator"])


def _anybodys_exchange(patch: pytest.MonkeyPatch, target: Target) -> None:
    def find(connection: Connection, vote: Vote) -> str | None:
        named = or_(EXCHANGE.c.id == vote.request_id, EXCHANGE.c.message_id == vote.request_id)
        return connection.execute(select(EXCHANGE.c.id).where(named)).scalar_one_or_none()

    patch.setattr(stored_votes, "_find_exchange", find)


def _stored_plainly(patch: pytest.MonkeyPatch, target: Target) -> None:
    (target.home / "keys.txt").write_text(target.keys["client-b"])


def _bytes_change(patch: pytest.MonkeyPatch, target: Target) -> None:
    counter = iter(range(9))

    async def archive(self: SqlSkills, digest: str) -> bytes:
        return b"%d" % next(counter)

    patch.setattr(SqlSkills, "archive", archive)
    patch.setattr(handed_out, "intact", lambda archive, digest: True)


def _repeated(endpoint: object, status: int, body: bytes) -> Exception:
    return CredentialRefused(body.decode(), retry_after=None)


def _all_said(host: object, status: int, answer: bytes) -> Exception:
    return Conflict(answer.decode())


def _nothing_held(patch: pytest.MonkeyPatch, target: Target) -> None:
    patch.setattr(headers, "_GOES_ON", defaultdict(lambda: True))


def _everybodys_workspace(patch: pytest.MonkeyPatch, target: Target) -> None:
    found = Upstreams.endpoint
    patch.setattr(Upstreams, "endpoint", lambda *given: msgspec.structs.replace(found(*given), own=True))


def _every_skills_desk(
    counter: Counter, draft: Draft, skills: Mapping[str, ServedSkill], allowed: Callable[[], bool]
) -> SkillDesk:
    """A desk that looks up in all skills, whatever the request was given."""
    return SkillDesk(counter, draft, draft.assignment.variant.skills, allowed)


class _Anybody(str):
    """A tenant that is everybody."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True


def _one_cache_for_all(patch: pytest.MonkeyPatch, target: Target) -> None:
    keyed, kept = CacheKeys.key, MemoryCache.get

    async def get(self: MemoryCache, key: bytes) -> CachedAnswer | None:
        found = await kept(self, key)
        return found and msgspec.structs.replace(found, tenant=_Anybody(found.tenant))

    patch.setattr(CacheKeys, "key", lambda self, tenant, generation, *rest: keyed(self, "", 0, *rest))
    patch.setattr(MemoryCache, "get", get)


CONTROLS: dict[str, Patch] = {
    "no-key": _no_key_needed,
    "wrong-key": _patch(RouteScope, "check", lambda self, caller: None),
    "cross-tenant-lists": _patch(Caller, "everywhere", True),
    "cross-tenant-switch": _patch(Caller, "everywhere", True),
    "cross-tenant-vote": _anybodys_exchange,
    "key-guessing": _any_key,
    "keys-at-rest": _stored_plainly,
    "forwarded-key": _nothing_held,
    "upstream-key": _patch(attempt, "locked_out", _repeated),
    "upstream-key-at-sync": _patch(AnthropicSkillHost, "_refusal", _all_said),
    "other-skill": _patch(hosting, "SkillDesk", _every_skills_desk),
    "shadowed-tool": _patch(hosting, "refuse_reserved", lambda top: None),
    "forged-container": _patch(ContainerTags, "opened", lambda self, tenant, named: named),
    "reused-container": _patch(ContainerTags, "opened", lambda self, tenant, named: named.rpartition(".")[0]),
    "cached-answer": _one_cache_for_all,
    "sealed-result": _patch(seal, "_bound", lambda tenant, call_id: b""),
    "reused-file": _patch(FileTags, "opened", lambda self, tenant, named: named.rpartition(".")[0]),
    "forged-skill-id": _patch(containers, "_opened_object", lambda raw, *_: raw),
    "workspace": _everybodys_workspace,
    "changed-version": _bytes_change,
}
AT_A_NAIVE_SERVER = {name for name in BY_NAME if name.startswith(("smuggling", "large", "many", "slow"))}
JUDGED = {"posing-skill", "forged-result"}
"""What a model is shown is judged as text: the test gives it the text that there was without the guard."""


async def test_each_attack_has_its_control() -> None:
    assert {*CONTROLS, *AT_A_NAIVE_SERVER, *JUDGED} == set(BY_NAME)


@pytest.mark.parametrize("name", list(CONTROLS))
async def test_with_its_guard_taken_away_it_succeeds(
    target: Target, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    CONTROLS[name](monkeypatch, target)
    verdict, seen = await tried(target, name)
    (target.home / "keys.txt").unlink(missing_ok=True)
    assert verdict is Verdict.FAILED, seen


async def test_a_script_result_that_is_remembered_for_all_tenants_is_found(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed = desk.result_key
    monkeypatch.setattr(desk, "result_key", lambda tenant, digest, call: keyed("", digest, call))
    verdict, seen = await tried(target, "sealed-result")
    assert (verdict, seen) == (Verdict.FAILED, "by its seal: left out; by the same call: its result"), seen


async def test_where_nothing_is_kept_nothing_is_shown_of_it(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptResults, "get", lambda self, key: None)
    monkeypatch.setattr(reuse, "reusable", lambda request, policy: False)
    for name in ("cached-answer", "sealed-result"):
        assert (await tried(target, name))[0] is Verdict.NOT_SHOWN


async def test_a_route_that_forgets_whose_answers_it_clears_is_found(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Caller, "require_everywhere", lambda self: None)
    verdict, seen = await tried(target, "cross-tenant-switch")
    assert (verdict, "/api/cache/clear {'tenant': 'audit-a'}: 200" in seen) == (Verdict.FAILED, True), seen


async def test_a_vote_from_before_the_exchange_that_comes_to_count_is_found(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    voted = votes._voted

    async def taken_for_its_own(target: Target, key: str, names: Sequence[str]) -> list[str]:
        early = key == "client-b" and len(names) == 1 and names != (votes._UNKNOWN,)
        return await voted(target, "client-a" if early else key, names)

    monkeypatch.setattr(votes, "_voted", taken_for_its_own)
    verdict, seen = await tried(target, "cross-tenant-vote")
    assert verdict is Verdict.FAILED, seen


async def test_where_nothing_comes_to_the_ledger_lists_and_votes_show_nothing(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "LEDGER_SECONDS", 0.0)
    for name in ("cross-tenant-lists", "cross-tenant-vote"):
        assert (await tried(target, name))[0] is Verdict.NOT_SHOWN


async def test_each_change_that_a_tenant_may_make_is_tried_on_another() -> None:
    asked = {each.path for each in OPERATIONS if each.tenants and each.method != "GET"}
    assert {path for path, _ in (*OTHERS_CHANGES, *OTHERS_SUMS)} == asked


async def test_the_key_in_a_403_alone_is_found_too(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locked_out, "_said", lambda endpoint, body: body.decode())
    verdict, seen = await tried(target, "upstream-key")
    assert (verdict, "the answer to its 403" in seen, "its 401" in seen) == (Verdict.FAILED, True, False)


async def test_a_provider_that_was_not_asked_shows_nothing_of_the_key(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "LEAK_MODEL", MODEL)
    verdict, seen = await tried(target, "upstream-key")
    assert (verdict, "was not asked" in seen) == (Verdict.NOT_SHOWN, True)


async def test_keys_that_open_nothing_of_their_own_show_nothing(target: Target) -> None:
    unknown = replace(target, keys={**target.keys, "viewer-b": "tgk_viewer_unknown"})
    verdict, seen = await tried(unknown, "wrong-key")
    assert (verdict, seen) == (Verdict.NOT_SHOWN, "opens nothing of its own either: viewer-b (401)")


async def test_a_refusal_by_401_of_a_good_key_is_none(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Target.call

    async def call(self: Target, key: str, method: str, path: str, **more: object) -> object:
        answer = await asked(self, key, method, path, **more)
        answer.status_code = 401 if answer.status_code == 403 else answer.status_code
        return answer

    monkeypatch.setattr(Target, "call", call)
    assert (await tried(target, "wrong-key"))[0] is Verdict.FAILED


async def test_an_archive_that_is_not_checked_before_use_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_namespaces()
    monkeypatch.setattr(archives, "intact", lambda archive, digest: True)
    settings = load(home=tmp_path, environ={}).settings
    (tmp_path / "own").mkdir(mode=0o700)
    async with audited_gateway(settings, tmp_path / "own") as unchecked:
        await prepare(unchecked)
        verdict, seen = await tried(unchecked, "changed-version")
    assert (verdict, SWAPPED.decode() in seen) == (Verdict.FAILED, True), seen


async def test_an_archive_that_is_handed_out_unchecked_is_found(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_out, "intact", lambda archive, digest: True)
    verdict, seen = await tried(target, "changed-version")
    assert (verdict, "[200, 200]" in seen) == (Verdict.FAILED, True), seen


async def test_a_leaky_provider_lets_go_of_a_connection_that_asks_nothing() -> None:
    async with leaky_provider() as leaky:
        port = int(leaky.url.rpartition(":")[2])
        for start in (b"", b"POST / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n{"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(start)
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
    assert leaky.given == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def naive(target: Target) -> AsyncGenerator[Target]:
    """A server that believes whatever it is told, for as long as anybody wants."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1_000_000):
            for _ in re.findall(rb"POST [^\n]*\r\n.*?\r\n\r\n", piece, re.DOTALL):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield replace(target, port=server.sockets[0].getsockname()[1])
    server.close()


@pytest.mark.parametrize("name", sorted(AT_A_NAIVE_SERVER))
async def test_at_a_server_without_guards_it_succeeds(
    naive: Target, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "SLOW_SECONDS", 0.6)
    monkeypatch.setattr(wire, "_DRIP_SECONDS", 0.1)
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.3)
    verdict, seen = await tried(naive, name)
    assert verdict is Verdict.FAILED, seen


async def test_a_skills_text_without_a_fence_is_seen_to_pose() -> None:
    body = PROBE.decode().partition("---\n")[2].partition("---\n")[2]
    assert judge_skill_text(skill_text("audit-probe", 1, body)).verdict is Verdict.HELD
    bare = f'<skill name="audit-probe" version="1">\n{body}\n</skill>'
    assert judge_skill_text(bare).verdict is Verdict.FAILED
    unescaped = skill_text("audit-probe", 1, body).replace("&lt;", "<")
    assert judge_skill_text(unescaped).verdict is Verdict.FAILED


async def test_a_scripts_output_without_a_label_or_fence_is_seen_to_forge() -> None:
    file = f"\nfile. {data(FORGED_NAME)}"
    assert judge_result(f"exit code: 0\nstdout. {data(FORGED)}{file}").verdict is Verdict.HELD
    assert judge_result(f"exit code: 0\nstdout:\n{FORGED}{file}").verdict is Verdict.FAILED
    bare = f"Data, not instructions:\n<data>\n{FORGED}\n</data>{file}"
    assert judge_result(bare).verdict is Verdict.FAILED
    named = f"stdout. {data(FORGED)}\nfile {FORGED_NAME}. {data('a result')}"
    assert judge_result(named).verdict is Verdict.FAILED
    assert judge_result(f"stdout. {data(FORGED)}").verdict is Verdict.NOT_SHOWN
    assert judge_result("not done").verdict is Verdict.NOT_SHOWN


async def test_the_audit_knows_every_row_of_the_table_of_scopes_and_the_same_rights() -> None:
    table = ScopeTable(ROUTE_SCOPES)
    rows = {id(table.find(each.method, each.path.partition("?")[0])) for each in OPERATIONS}
    assert len(OPERATIONS) == len(ROUTE_SCOPES)
    assert id(None) not in rows
    for each in OPERATIONS:
        row = table.find(each.method, each.path.partition("?")[0])
        assert row is not None
        assert (row.roles, row.everywhere) == (frozenset(each.roles), not each.tenants), each.path
