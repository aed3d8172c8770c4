"""The port to a provider's own skills: its adapter in both dialects, on real sockets."""

import pytest

from tidegate.adapters.skill_host import AnthropicSkillHost
from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.domain.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    ProviderUnavailable,
    TidegateError,
    TooLarge,
)
from tidegate.harness.audit.leaky import leaky_provider
from tidegate.harness.emulator import Fault, Profile, start_emulator
from tidegate.registry.archive import canonical_archive


def archive(name: str = "tide-table", body: str = "Read it.") -> bytes:
    text = f"---\nname: {name}\ndescription: Reads tides.\n---\n{body}\n"
    return canonical_archive(name, {"SKILL.md": text.encode(), "references/a.bin": bytes(range(256))})


@pytest.fixture(params=["ga", "beta", "beta on a provider that knows nothing else"])
async def provider(request):
    emulator = await start_emulator(Profile(only_beta="nothing else" in request.param), keys=["good"])
    upstream = Http1Upstream(UpstreamSettings(base_url=emulator.url))
    beta = request.param != "ga"

    def host(key: str = "good", seconds: float = 5.0) -> AnthropicSkillHost:
        credentials = ((b"x-api-key", key.encode()),)
        return AnthropicSkillHost(upstream, credentials, place="the upstream", beta=beta, seconds=seconds)

    yield emulator, host, beta
    await upstream.aclose()
    await emulator.close()


async def test_a_skill_is_made_found_by_its_label_and_gets_versions(provider) -> None:
    _, host, beta = provider
    first = await host().create("Tides", "tide-table", archive())
    second = await host().add_version(first.skill_id, "tide-table", archive(body="Read it well."))
    assert first.skill_id == second.skill_id
    assert len({first.version_id, second.version_id}) == 2
    assert bool(first.epoch) is bool(second.epoch) is beta
    assert await host().labelled("Tides") == [first.skill_id]
    assert await host().labelled("Harbours") == []
    found = await host().versions(first.skill_id)
    assert sorted(found, key=str) == sorted([first, second], key=str)


async def test_what_fills_several_pages_is_found_whole(provider) -> None:
    _, host, _ = provider
    made = [(await host().create(f"l{number}", f"s{number}", archive(f"s{number}"))) for number in range(103)]
    assert await host().labelled("l0") == [made[0].skill_id]
    for _ in range(101):
        await host().add_version(made[0].skill_id, "s0", archive("s0"))
    assert len(await host().versions(made[0].skill_id)) == 102


async def test_a_wrong_credential_is_a_conflict_that_names_it(provider) -> None:
    _, host, _ = provider
    with pytest.raises(Conflict, match=r"401.*check the credential"):
        await host("bad").create("x", "tide-table", archive())


@pytest.mark.parametrize("status", [401, 403, 502])
async def test_a_refusal_that_repeats_the_key_is_told_without_it(status: int) -> None:
    async with leaky_provider() as leaky:
        leaky.status = status
        upstream = Http1Upstream(UpstreamSettings(base_url=leaky.url))
        credentials = ((b"x-api-key", b"sk-secret"),)
        host = AnthropicSkillHost(upstream, credentials, place="the upstream", beta=False, seconds=5.0)
        with pytest.raises(TidegateError, match=f"the upstream answered {status}") as refused:
            await host.labelled("x")
        await upstream.aclose()
    assert leaky.given == ["sk-secret"]
    assert "sk-secret" not in str(refused.value)
    assert ("is not known here" in str(refused.value)) is (status != 401)


async def test_a_key_at_the_edge_of_what_is_told_of_a_page_does_not_stay_by_half() -> None:
    credentials = ((b"x-api-key", b"sk-secret-" + b"k" * 50),)
    upstream = Http1Upstream(UpstreamSettings(base_url="http://127.0.0.1:1"))
    host = AnthropicSkillHost(upstream, credentials, place="the upstream", beta=False, seconds=5.0)
    for before in range(380, 520):
        page = b"<" * before + credentials[0][1]
        assert "sk-" not in str(host._refusal(502, page))
    await upstream.aclose()


async def test_what_is_not_there_is_not_found(provider) -> None:
    _, host, _ = provider
    with pytest.raises(NotFound):
        await host().versions("skill_none")
    with pytest.raises(NotFound):
        await host().add_version("skill/../none?", "tide-table", archive())


async def test_another_name_is_refused_in_the_providers_words(provider) -> None:
    _, host, _ = provider
    made = await host().create("Tides", "tide-table", archive())
    with pytest.raises(InvalidInput, match="must match"):
        await host().add_version(made.skill_id, "harbour", archive("harbour"))


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ({"kind": "status", "status": 413}, TooLarge, "413"),
        ({"kind": "status", "status": 429}, ProviderUnavailable, "again later"),
        ({"kind": "status", "status": 500}, ProviderUnavailable, "again later"),
        ({"kind": "status", "status": 403}, Conflict, "credential"),
        ({"kind": "cut", "after_bytes": 3}, ProviderUnavailable, "same command again"),
        ({"kind": "reset"}, ProviderUnavailable, "same command again"),
        ({"kind": "hang"}, ProviderUnavailable, "timeout"),
    ],
)
async def test_what_the_provider_fails_at_is_told_with_what_to_do(provider, fault, error, message) -> None:
    emulator, host, _ = provider
    emulator.set_faults([Fault(route="skills", **fault)])
    with pytest.raises(error, match=message):
        await host(seconds=0.3).labelled("x")


async def test_an_unreachable_provider_and_one_that_is_none_are_told() -> None:
    upstream = Http1Upstream(UpstreamSettings(base_url="http://127.0.0.1:1"))
    host = AnthropicSkillHost(upstream, (), place="the upstream", beta=False, seconds=2.0)
    with pytest.raises(ProviderUnavailable, match=r"the upstream gave no answer.*connect"):
        await host.labelled("x")
    await upstream.aclose()
