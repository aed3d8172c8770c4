"""Attacks on the gateway and its APIs, as a client, a skill or a stranger would try them."""

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from tidegate.harness.audit import access, isolation, tenants, votes, wire
from tidegate.harness.audit.judgement import Area, Attack, Grade, Outcome, Question
from tidegate.harness.audit.target import Target

Attempt = Callable[[Target], Awaitable[Outcome]]


class GatewayAttack(msgspec.Struct, frozen=True, kw_only=True):
    """One attack and how it is tried; `patient` ones wait long and run beside the others."""

    attack: Attack
    attempt: Attempt
    patient: bool = False
    scripts: bool = False
    """It shows something only where skills' scripts run."""


def _line(
    name: str,
    question: Question,
    tried: str,
    expected: str,
    attempt: Attempt,
    *,
    grade: Grade = Grade.HIGH,
    tags: tuple[str, ...] = ("AST06",),
    patient: bool = False,
    scripts: bool = False,
) -> GatewayAttack:
    attack = Attack(
        id=f"gateway/{name}",
        area=Area.INJECTION,
        question=question,
        tried=tried,
        expected=expected,
        grade=grade,
        tags=tags,
    )
    return GatewayAttack(attack=attack, attempt=attempt, patient=patient, scripts=scripts)


def _smuggled(name: str, tried: str, *lines: str) -> GatewayAttack:
    return _line(
        f"smuggling-{name}",
        Question.ISOLATION,
        f"hide a second request: {tried}",
        "400, and one request at most",
        lambda target: wire.smuggling(target, *lines),
        tags=(),
    )


_WIRE = (
    _smuggled("cl-te", "a length and chunks", "content-length: 4", "transfer-encoding: chunked"),
    _smuggled("two-lengths", "two lengths", "content-length: 5", "content-length: 6"),
    _smuggled("odd-te", "a transfer coding that is none", "transfer-encoding: xchunked"),
    _smuggled("space-te", "a space before the colon", "transfer-encoding : chunked", "content-length: 5"),
    _smuggled("signed-length", "a length with a sign", "content-length: +5"),
    _line("large-body", Question.UPLOADS, "a body over the limit", "413 before it is read", wire.large_body,
          tags=(), grade=Grade.MEDIUM),
    _line("large-head", Question.UPLOADS, "70,000 bytes of one header", "431",
          partial(wire.header_block, block=b"x-a: " + b"a" * 70_000 + b"\r\n", status=b"431"),
          tags=(), grade=Grade.MEDIUM),
    _line("many-headers", Question.UPLOADS, "400 headers", "431",
          partial(wire.header_block, block=b"x-a: a\r\n" * 400, status=b"431"), tags=(), grade=Grade.MEDIUM),
    _line("slow-head", Question.UPLOADS, "a head that drips for ever", "ended in time", wire.slow_head,
          tags=(), grade=Grade.MEDIUM, patient=True),
    _line("slow-body", Question.UPLOADS, "a body that drips for ever", "ended in time", wire.slow_body,
          tags=(), grade=Grade.MEDIUM, patient=True),
)  # fmt: skip

_KEYS = Question.KEYS
_ACCESS = (
    _line("no-key", _KEYS, "call every operation without a key", "401 for each", access.without_a_key,
          grade=Grade.CRITICAL, tags=("AST09",)),
    _line("wrong-key", _KEYS, "call every operation by keys of other roles and tenants", "403 for each",
          access.by_wrong_keys, grade=Grade.CRITICAL, tags=("AST09",)),
    _line("cross-tenant-lists", _KEYS, "read another tenant's switches, quotas, costs and ledger",
          "a tenant's key sees its own alone", access.others_rows, tags=("AST06",)),
    _line("cross-tenant-switch", _KEYS, "switch another tenant's skills, clear its answers", "403",
          access.others_switch),
    _line("cross-tenant-vote", _KEYS, "vote on another tenant's answer, before and after it is recorded",
          "parked, as for an id that nobody has", votes.others_vote, grade=Grade.MEDIUM),
    _line("key-guessing", _KEYS, "guess keys, at random and near a real one", "401, all alike",
          access.guessed_keys, tags=("AST09",)),
    _line("keys-at-rest", _KEYS, "look for keys in the files of home and store", "hashes alone",
          access.keys_at_rest, tags=("AST09",)),
    _line("forwarded-key", _KEYS, "look for the client's key at the provider", "never forwarded",
          access.forwarded_key, tags=("AST09",)),
    _line("upstream-key", _KEYS, "have a provider repeat the gateway's own key",
          "in no answer, log or probe", access.upstream_key_told, tags=("AST09",)),
    _line("upstream-key-at-sync", _KEYS, "have a provider repeat the key when a skill is uploaded to it",
          "in no answer or log", access.upstream_key_at_sync, tags=("AST09",)),
)  # fmt: skip

_ISOLATION = Question.ISOLATION
_APART = (
    _line("posing-skill", Question.INJECTION, "a skill whose text ends its block and poses as the system",
          "one fence, nothing of others' inside", isolation.posing_skill, tags=("AST01", "AST06")),
    _line("forged-result", Question.INJECTION, "a script that prints a forged result, or names a file so",
          "labelled as data, within a fence", isolation.forged_result, tags=("AST01", "AST06"), scripts=True),
    _line("other-skill", _ISOLATION, "have a model read another skill's files", "an error",
          isolation.other_skills_file),
    _line("shadowed-tool", _ISOLATION, "a client's tool named like the gateway's own, in any spelling", "400",
          isolation.shadowed_tool),
    _line("forged-container", _ISOLATION, "containers that nobody was given", "404, the provider not asked",
          isolation.forged_container),
    _line("reused-container", _ISOLATION, "another tenant's container", "404", isolation.reused_container),
    _line("cached-answer", _ISOLATION, "another tenant's cached answer, by the same request",
          "the provider is asked again", tenants.cached_answer),
    _line("sealed-result", _ISOLATION, "another tenant's sealed script result, by its seal or the same call",
          "left out, and run anew", tenants.sealed_result, scripts=True),
    _line("reused-file", _ISOLATION, "a file that another tenant's code has left at the provider",
          "404, the provider not asked", isolation.reused_file),
    _line("forged-skill-id", _ISOLATION, "the provider's skills by made-up ids",
          "refused, the provider not asked", isolation.forged_skill_id),
    _line("workspace", _ISOLATION, "files, batches and skills of the gateway's workspace", "404 or 403",
          isolation.workspace),
    _line("changed-version", Question.UPLOADS, "publish other bytes for a version, swap one's archive",
          "the same bytes, or none", isolation.changed_version, tags=("AST02", "AST07")),
)  # fmt: skip

GATEWAY: tuple[GatewayAttack, ...] = (*_WIRE, *_ACCESS, *_APART)
"""The part of the catalogue that is tried over HTTP."""
