"""Attacks by keys: none, guessed ones, a wrong role's, another tenant's; and where keys may lie about."""

import asyncio
import secrets
from collections.abc import Sequence

import msgspec

from tidegate.harness.audit.judgement import Outcome, failed, held, judged, not_shown
from tidegate.harness.audit.operations import OPERATIONS, OTHERS_CHANGES, OTHERS_SUMS
from tidegate.harness.audit.target import KEYS, LEAK_MODEL, NATIVE_SKILL, Target
from tidegate.harness.audit.votes import exchange


async def without_a_key(target: Target) -> Outcome:
    """Every operation without any key."""
    let: list[str] = []
    for operation in OPERATIONS:
        answer = await target.client.request(operation.method, operation.path)
        if answer.status_code != 401:
            let.append(f"{operation.method} {operation.path}: {answer.status_code}")
    return _all_refused(let, len(OPERATIONS))


async def by_wrong_keys(target: Target) -> Outcome:
    """Every operation by each key that has no right to it: of a lower role, of another tenant, a client's.

    A key that opened nothing of its own would be refused everywhere, and its refusals would show nothing.
    """
    dead = await _keys_that_open_nothing(target)
    if dead:
        return not_shown(f"opens nothing of its own either: {', '.join(dead)}")
    let: list[str] = []
    tried = 0
    for each in OPERATIONS:
        keys = each.refused()
        tried += len(keys)
        answers = await asyncio.gather(*(target.call(key, each.method, each.path) for key in keys))
        for key, answer in zip(keys, answers, strict=True):
            if answer.status_code != 403:
                let.append(f"{each.method} {each.path} by {key}: {answer.status_code}")
    return _all_refused(let, tried)


async def others_rows(target: Target) -> Outcome:
    """What a tenant's key may list, looked through for another tenant, which has a row in each list."""
    if await exchange(target) is None:
        return not_shown("no exchange of the other tenant's came to the ledger")
    switch = {"scope": "tenant", "target": "audit-a", "reason": "audit"}
    await target.call("operator", "POST", "/api/switches/off", json=switch)
    quota = {"requests_per_minute": 100_000, "reason": "audit"}
    await target.call("operator", "PUT", "/api/quotas/tenant/audit-a", json=quota)
    try:
        seen: list[str] = []
        paths = ("/api/switches", "/api/quotas", "/api/costs", "/api/costs?by=key", "/api/ledger/export")
        shown = [path for path in paths if "audit-a" in (await target.call("operator", "GET", path)).text]
        for path in paths:
            answer = await target.call("viewer-b", "GET", path)
            if answer.status_code != 200 or "audit-a" in answer.text:
                seen.append(f"{path}: {answer.status_code}")
        for path, body in OTHERS_SUMS:
            answer = await target.call("viewer-b", "POST", path, json=body)
            if answer.status_code != 403:
                seen.append(f"{path} {body}: {answer.status_code}")
    finally:
        await target.call("operator", "POST", "/api/switches/on", json=switch)
    if len(shown) < len(paths):
        return not_shown(f"an operator sees the other tenant at {shown} alone")
    return judged(
        bool(seen), f"of {len(paths) + len(OTHERS_SUMS)} lists {len(seen)} tell of another tenant: {seen}"
    )


async def others_switch(target: Target) -> Outcome:
    """What a tenant's operator may change, tried on another tenant and on everybody."""
    let: list[str] = []
    for path, body in OTHERS_CHANGES:
        change = {**body, "reason": "audit"}
        answer = await target.call("operator-b", "POST", path, json=change)
        if answer.status_code != 403:
            let.append(f"{path} {body}: {answer.status_code}")
        if path.endswith("/off") and answer.is_success:
            await target.call("operator", "POST", "/api/switches/on", json=change)  # for what comes after
    return _all_refused(let, len(OTHERS_CHANGES))


async def guessed_keys(target: Target) -> Outcome:
    """Guesses: at random, near a real key, and what a careless comparison would take."""
    real = target.keys["client-a"]
    near = (
        real[:-1],
        real + "x",
        real.upper(),
        real[:-1] + chr(ord(real[-1]) ^ 1),
        f"{real} {real}",
        "*",
        "%",
    )
    guesses = (*near, *(f"tgk_client_{secrets.token_urlsafe(32)}" for _ in range(100)))
    answers: set[str] = set()
    for guess in guesses:
        answer = await target.client.post("/v1/messages", content=b"{}", headers={"x-api-key": guess})
        told = msgspec.json.decode(answer.content, type=dict[str, object])
        answers.add(f"{answer.status_code} {told.get('error')}")
    if len(answers) != 1 or not next(iter(answers)).startswith("401"):
        return failed(f"{len(guesses)} guesses, {len(answers)} kinds of answer: {sorted(answers)[:3]}")
    return held(f"{len(guesses)} guesses, all answered alike with 401")


async def keys_at_rest(target: Target) -> Outcome:
    """Secrets of keys in any file of the home and store."""
    secrets_of = [secret.encode() for secret in target.keys.values()]
    files = [path for path in sorted(target.home.rglob("*")) if path.is_file()]
    found = [path.name for path in files if any(secret in path.read_bytes() for secret in secrets_of)]
    return judged(bool(found) or not files, f"{len(files)} files read, with a key in them: {found}")


async def forwarded_key(target: Target) -> Outcome:
    """The client's key at the provider."""
    await target.ask("client-a", "Hello.")
    heads = [value for request in target.provider.recent(5) for _, value in request.headers]
    leaked = [name for name, secret in target.keys.items() if any(secret in value for value in heads)]
    own = any(target.upstream_key in value for value in heads)
    return judged(
        bool(leaked) or not own, f"of the last requests' {len(heads)} headers with a client's key: {leaked}"
    )


async def upstream_key_told(target: Target) -> Outcome:
    """The gateway's own key, repeated by a provider that refuses it: in the answer or the log."""
    told: dict[str, str] = {}
    for status in (401, 403):
        target.leaky.status = status
        before = len(target.leaky.given)
        answer = await target.ask("client-a", "Hello.", model=LEAK_MODEL)
        if target.upstream_key not in target.leaky.given[before:]:
            return not_shown(f"the provider was not asked by that key to refuse it: {answer.status_code}")
        told[f"the answer to its {status}"] = answer.text + str(answer.headers)
    probes = [(await target.client.get(path)).text for path in ("/readyz", "/metrics")]
    places = {**told, "the log": target.log(), "the probes": "".join(probes)}
    found = [name for name, text in places.items() if target.upstream_key in text]
    return judged(
        bool(found), f"refused by 401 and by 403; the key is in {found or 'no answer, log or probe'}"
    )


async def upstream_key_at_sync(target: Target) -> Outcome:
    """The gateway's own key, repeated by a provider or its proxy at an upload: in the answer or the log."""
    told: dict[str, str] = {}
    sync = {"upstream": "leaky", "reason": "audit"}
    for status in (401, 403, 502):
        target.leaky.status = status
        before = len(target.leaky.given)
        answer = await target.call("publisher", "POST", f"/api/skills/{NATIVE_SKILL}/sync", json=sync)
        if target.upstream_key not in target.leaky.given[before:]:
            return not_shown(
                f"the provider was not asked by that key: {answer.status_code} {answer.text[:200]}"
            )
        told[f"the answer to its {status}"] = answer.text + str(answer.headers)
    told["the log"] = target.log()
    found = [name for name, text in told.items() if target.upstream_key in text]
    return judged(bool(found), f"refused by 401, 403 and 502; the key is in {found or 'no answer or log'}")


async def _keys_that_open_nothing(target: Target) -> list[str]:
    """Of the keys that are to be refused elsewhere: those that do not do what they are for."""
    names = sorted({key for each in OPERATIONS for key in each.refused()})
    answers = [await _by_right(target, name) for name in names]
    return [f"{name} ({got})" for name, got in zip(names, answers, strict=True) if got != 200]


async def _by_right(target: Target, key: str) -> int:
    """The status of something that every key of this one's role and tenant may do."""
    if KEYS[key][0] == "client":
        return (await target.ask(key, "Hello.")).status_code
    return (await target.call(key, "GET", "/api/switches")).status_code


def _all_refused(let: Sequence[str], tried: int) -> Outcome:
    return judged(
        bool(let), f"{tried} calls, {len(let)} not refused" + (f": {'; '.join(let[:5])}" if let else "")
    )
