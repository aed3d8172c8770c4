"""Rollout specs: what is read, and every refusal with its line and what to write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.control.spec import Spec, parse, resolve
from tidegate.domain.errors import InvalidInput, TooLarge
from tidegate.domain.lexical import THRESHOLD
from tidegate.domain.rollout import (
    After,
    CachePolicy,
    Eligible,
    ErrorsGate,
    FeedbackGate,
    Gates,
    LatencyGate,
    RatioGate,
    SamplesGate,
    SavingsGate,
    SkillRef,
    SloGate,
    Stage,
    TripGate,
    Unit,
    Variant,
)
from tidegate.domain.routing import Route
from tidegate.domain.skill import Manifest, SkillVersion, VersionState

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: contract-skills}
spec:
  unit: user
  eligible: {tenants: ["acme"], tasks: ["*"]}
  baseline: {skills: {}}
  candidate:
    skills: {contract-analysis: 3, document-drafting: latest}
    model: claude-haiku-4-5
    system: keep
    timeout: 500ms
    deadline: 600s
  stages:
    - {name: canary, weight: 5,   bake: 72h,  promote: manual, report: daily}
    - {name: beta,   weight: 25%, bake: 168h, promote: manual}
    - {name: full,   weight: 100, bake: 20s,  promote: auto, holdout: 5}
  gates:
    errors:  {max: 2%, worse: rollback}
    savings: {min: 35%, floor: 30%, worse: rollback, unsure: hold}
    samples: {min: 1000, unsure: hold}
    trip:    {errors: 50%, over: 20}
  after: {holdout: 1, for: 90d}
"""

MINIMAL = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: tiny}
spec:
  candidate: {skills: {a: 1}}
  stages:
    - {name: all, weight: 100, bake: 1h}
"""


def version(
    name: str, number: int, state: VersionState = VersionState.PUBLISHED, requires: tuple[str, ...] = ()
) -> SkillVersion:
    manifest = Manifest(name=name, description="d", requires=requires)
    digest = f"sha256:{name}{number}"
    return SkillVersion(
        name=name,
        number=number,
        digest=digest,
        state=state,
        manifest=manifest,
        body="b",
        created_at=0,
        created_by="ada",
    )


VERSIONS = [
    version("contract-analysis", 1),
    version("contract-analysis", 3, VersionState.DEPRECATED),
    version("contract-analysis", 4, VersionState.REVOKED),
    version("document-drafting", 2),
    version("document-drafting", 11),
    version("document-drafting", 12, VersionState.DEPRECATED),
    version("old-news", 1, VersionState.REVOKED),
]


def refusal(text: str) -> str:
    with pytest.raises(InvalidInput) as refused:
        parse(text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{ttl: 1h}", CachePolicy(ttl_seconds=3600.0)),
        ("{ttl: 90s, when: always}", CachePolicy(ttl_seconds=90.0, when="always")),
        ("{ttl: 1d, when: deterministic}", CachePolicy(ttl_seconds=86_400.0)),
    ],
)
def test_a_variant_says_what_may_be_given_again(written: str, read: CachePolicy) -> None:
    text = SPEC.replace("baseline: {skills: {}}", f"baseline: {{skills: {{}}, cache: {written}}}")
    assert parse(text.replace("system: keep", f"cache: {written}")).candidate.rest.cache == read
    spec = parse(text)
    assert (spec.candidate.rest.cache, spec.baseline.rest.cache) == (None, read)


def test_a_variant_says_whether_and_from_which_score_on_words_choose_skills() -> None:
    spec = parse(SPEC.replace("timeout: 500ms", "select: {lexical: off, threshold: 3.5}"))
    assert (spec.candidate.rest.lexical, spec.candidate.rest.threshold) == (False, 3.5)
    assert (Variant().lexical, Variant().threshold) == (True, THRESHOLD)


def test_the_designs_spec_is_read_whole() -> None:
    spec = parse(SPEC)
    assert (spec.name, spec.unit, spec.eligible) == (
        "contract-skills",
        Unit.USER,
        Eligible(tenants=("acme",)),
    )
    assert [(p.name, p.version) for p in spec.candidate.skills] == [
        ("contract-analysis", 3),
        ("document-drafting", 0),
    ]
    assert spec.candidate.rest == Variant(
        model="claude-haiku-4-5", timeout_seconds=0.5, deadline_seconds=600.0
    )
    assert spec.baseline is not None
    assert spec.baseline.skills == ()
    assert spec.stages == (
        Stage(name="canary", weight=500, bake_seconds=259_200.0),
        Stage(name="beta", weight=2500, bake_seconds=604_800.0),
        Stage(name="full", weight=10_000, bake_seconds=20.0, promote="auto", holdout=500),
    )
    assert spec.gates == Gates(
        errors=ErrorsGate(max=0.02),
        savings=SavingsGate(min=0.35, floor=0.3, worse="rollback"),
        samples=SamplesGate(min=1000),
        trip=TripGate(errors=0.5, over=20),
    )
    assert spec.after == After(holdout=100, for_seconds=90 * 86_400.0)


def test_all_eight_gates_are_read() -> None:
    written = """\
    errors:  {max: 2%, worse: pause}
    latency: {p95: 4s, of: first_token, worse: pause}
    slo:     {errors: 2%, slow: 5%, over: 8s, worse: hold}
    feedback: {min: 80%, worse: rollback}
    ratio:   {worse: hold}
"""
    gates = parse(SPEC.replace("    errors:  {max: 2%, worse: rollback}\n", written)).gates
    assert gates.errors == ErrorsGate(max=0.02, worse="pause")
    assert gates.latency == LatencyGate(
        p95=4.0, of="first_token", worse="pause", limits=(1.0, 2.0, 3.0, 4.0, 5.0, 8.0)
    )
    assert gates.slo == SloGate(errors=0.02, slow=0.05, over=8.0, worse="hold")
    assert gates.feedback == FeedbackGate(min=0.8, worse="rollback")
    assert gates.ratio == RatioGate(worse="hold")
    wider = SPEC.replace("min: 1000,", "min: 1000, extend: 48h, quiet: 9h,")
    assert parse(wider).gates.samples == SamplesGate(
        min=1000, extend_seconds=172_800.0, quiet_seconds=32_400.0
    )
    plain = "    latency: {}\n    slo: {errors: 1%}\n    feedback: {}\n    ratio: {}\n"
    gates = parse(SPEC.replace("    errors:  {max: 2%, worse: rollback}\n", plain)).gates
    assert (gates.latency, gates.slo) == (LatencyGate(limits=(1.0, 2.0, 3.0, 5.0, 8.0)), SloGate(errors=0.01))
    assert (gates.feedback, gates.ratio) == (FeedbackGate(worse="pause"), RatioGate(worse="pause"))


def test_what_is_left_out_has_a_default() -> None:
    spec = parse(MINIMAL)
    assert (spec.unit, spec.eligible, spec.baseline, spec.gates) == (Unit.USER, Eligible(), None, Gates())
    assert spec.stages == (Stage(name="all", weight=10_000, bake_seconds=3600.0, holdout=500),)
    assert spec.after == After()


def test_a_route_names_models_and_the_scores_to_exceed() -> None:
    routed = SPEC.replace("system: keep", "route: {small: h, middle: s, thresholds: [0.9, 0.25]}")
    assert parse(routed).candidate.rest.route == Route(small="h", middle="s", thresholds=(0.9, 0.25))
    assert parse(SPEC.replace("system: keep", "route: {small: h}")).candidate.rest.route == Route(small="h")


def test_only_a_full_stage_holds_back_by_default() -> None:
    half = "stages:\n    - {name: half, weight: 50, bake: 1h}"
    assert [stage.holdout for stage in parse(MINIMAL.replace("stages:", half)).stages] == [0, 500]
    assert parse(MINIMAL.replace("bake: 1h", "bake: 1h, holdout: 0")).stages[0].holdout == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("72h", 259_200), ("90d", 7_776_000), ("30s", 30), ("500ms", 0.5), ("1.5m", 90), ("0.25h", 900)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse(MINIMAL.replace("1h", text)).stages[0].bake_seconds == seconds


@pytest.mark.parametrize(
    ("text", "points"), [("5", 500), ("5%", 500), ("0.5%", 50), ("0.01", 1), ("12.25 %", 1225)]
)
def test_weights_are_percentages_with_or_without_a_sign(text: str, points: int) -> None:
    first = f"stages:\n    - {{name: first, weight: {text}, bake: 1h}}"
    assert parse(MINIMAL.replace("stages:", first)).stages[0].weight == points


REFUSED = [
    ("tidegate/v1", "tidegate/v2", 1, ["apiVersion", "'tidegate/v2'", "'tidegate/v1'"]),
    ("kind: Rollout", "kind: Rolout", 2, ["kind", "did you mean 'Rollout'"]),
    ("name: contract-skills}", "name: Contract_Skills}", 3, ["metadata.name", "a-z"]),
    ("{name: contract-skills}", "{name: x, labels: {}}", 3, ["metadata.labels", "allowed: name"]),
    ("unit: user", "unit: users", 5, ["spec.unit", "did you mean 'user'", "user, conversation, request"]),
    ("unit: user", "units: user", 5, ["spec.units", "did you mean 'unit'", "stages"]),
    ('["acme"]', '"acme"', 6, ["spec.eligible.tenants", "list"]),
    ('["acme"]', "[]", 6, ["spec.eligible.tenants", "an empty list"]),
    ('["acme"]', '["acme", "acme"]', 6, ["names something twice"]),
    ('["acme"]', "[{a: 1}]", 6, ["spec.eligible.tenants[0]", "a map"]),
    ("baseline: {skills: {}}", "baseline: []", 7, ["spec.baseline", "an empty list", "a map"]),
    ("baseline: {skills: {}}", "baseline: {skills: {a: 0}}", 7, ["spec.baseline.skills.a", "'0'", "latest"]),
    ("contract-analysis: 3", "contract-analysis: lastest", 9, ["did you mean 'latest'", "version number"]),
    ("contract-analysis: 3", "contract-analysis: -1", 9, ["'-1'", "version number"]),
    ("document-drafting: latest", "contract-analysis: 4", 9, ["is there twice", "line 9"]),
    ("model: claude-haiku-4-5", "model:", 10, ["spec.candidate.model", "nothing"]),
    ("model: claude-haiku-4-5", "cache: always", 10, ["spec.candidate.cache", "'always'", "a map"]),
    ("model: claude-haiku-4-5", "cache: {}", 10, ["spec.candidate.cache.ttl", "is missing"]),
    ("model: claude-haiku-4-5", "cache: {when: always}", 10, ["spec.candidate.cache.ttl", "is missing"]),
    ("model: claude-haiku-4-5", "cache: {ttl: 0s}", 10, ["spec.candidate.cache.ttl", "more than nothing"]),
    ("model: claude-haiku-4-5", "cache: {ttl: 1h, when: alway}", 10, ["did you mean 'always'"]),
    ("model: claude-haiku-4-5", "cache: {tll: 1h}", 10, ["spec.candidate.cache.tll", "did you mean 'ttl'"]),
    ("model: claude-haiku-4-5", "route: {middle: x}", 10, ["spec.candidate.route.small", "is missing"]),
    ("model: claude-haiku-4-5", "route: {small: x, big: y}", 10, ["route.big", "small, middle, thresholds"]),
    (
        "model: claude-haiku-4-5",
        "route: {small: x, thresholds: [0.5, 0.8]}",
        10,
        ["spec.candidate.route.thresholds", "the higher first"],
    ),
    ("model: claude-haiku-4-5", "route: {small: x, thresholds: [0.8]}", 10, ["two scores"]),
    ("model: claude-haiku-4-5", "route: {small: x, thresholds: [80, 50]}", 10, ["'80'", "from 0 to 1"]),
    ("baseline: {skills: {}}", "baseline: {route: {small: x}}", 7, ["spec.baseline.route", "no skill"]),
    ("system: keep", "system: drop", 11, ["spec.candidate.system", "keep, replace"]),
    ("timeout: 500ms", "timeout: 500", 12, ["spec.candidate.timeout", "'500'", "72h"]),
    ("timeout: 500ms", "select: {lexical: no}", 12, ["spec.candidate.select.lexical", "'no'", "on, off"]),
    ("timeout: 500ms", "select: {threshold: 0}", 12, ["select.threshold", "'0'", "0.1 to 100"]),
    ("timeout: 500ms", "select: {threshold: 2,5}", 12, ["select."]),
    ("timeout: 500ms", "select: {limit: 3}", 12, ["select.limit", "allowed: lexical, threshold"]),
    ("timeout: 500ms", "select: off", 12, ["select", "'off'", "a map"]),
    ("timeout: 500ms", "timeout: 601s", 12, ["longer than the deadline of 600s"]),
    ("deadline: 600s", "deadline: 0s", 13, ["spec.candidate.deadline", "'0s'"]),
    ("bake: 72h", "bake: 3 days", 15, ["spec.stages[0].bake", "'3 days'", "72h"]),
    ("bake: 72h", "bake: 0s", 15, ["spec.stages[0].bake", "more than nothing"]),
    ("bake: 72h", "bake: 400d", 15, ["at most 366d"]),
    ("bake: 72h,", "", 15, ["spec.stages[0].bake", "is missing", "30s"]),
    ("weight: 5, ", "weight: 0,", 15, ["spec.stages[0].weight", "0.01 to 100"]),
    ("weight: 5, ", "weight: -5,", 15, ["spec.stages[0].weight", "'-5'"]),
    ("weight: 5, ", "weight: 0.001,", 15, ["steps of 0.01"]),
    ("weight: 5, ", "weight: five,", 15, ["'five'", "percentage"]),
    ("weight: 25%", "weight: 5", 16, ["spec.stages[1].weight", "found 5", "more than 5", "'canary'"]),
    ("weight: 25%", "weight: 3", 16, ["weights rise"]),
    ("weight: 100", "weight: 101", 17, ["spec.stages[2].weight", "'101'"]),
    ("weight: 25%", "weight: 97", 17, ["holdout of 5 %", "95 %", "'beta'", "lower the holdout"]),
    ("name: beta", "name: canary", 16, ["'canary'", "unique"]),
    ("promote: auto", "promote: automatic", 17, ["promote", "did you mean 'auto'", "manual, auto"]),
    ("report: daily", "report: hourly", 15, ["report", "daily, none"]),
    ("report: daily", "approvals: 0", 15, ["spec.stages[0].approvals", "1 to 5"]),
    ("promote: manual, report: daily", "promote: auto, approvals: 2", 15, ["asks people", "`manual`"]),
    ("holdout: 5}", "holdout: 60}", 17, ["holdout", "0 to 50"]),
    (
        "weight: 100",
        "weight: 50",
        17,
        ["spec.stages[2].weight", "found 50", "the last stage", "expected 100"],
    ),
    ("holdout: 5}", "holdouts: 5}", 17, ["spec.stages[2].holdouts", "did you mean 'holdout'"]),
    ("errors:  {max: 2%", "errors:  {max: 2", 19, ["spec.gates.errors.max", "'2'", "2%"]),
    ("max: 2%, worse: rollback", "max: 2%, worse: roleback", 19, ["did you mean 'rollback'", "pause, hold"]),
    ("errors:  {", "error:  {", 19, ["spec.gates.error", "did you mean 'errors'"]),
    ("errors:  {max: 2%", "latency:  {p95: 5", 19, ["spec.gates.latency.p95", "a duration"]),
    ("errors:  {max: 2%", "latency:  {of: last_token", 19, ["spec.gates.latency.of", "first_token"]),
    ("errors:  {max: 2%, worse: rollback}", "slo:  {over: 5s}", 19, ["spec.gates.slo", "limits nothing"]),
    ("errors:  {max: 2%", "slo:  {errors: 2%", 19, ["spec.gates.slo.worse", "'rollback'", "pause, hold"]),
    ("errors:  {max: 2%", "feedback:  {min: 2", 19, ["spec.gates.feedback.min", "2%"]),
    ("errors:  {max: 2%, worse: rollback", "ratio:  {worse: rollback", 19, ["spec.gates.ratio.worse"]),
    ("min: 35%, ", "", 20, ["spec.gates.savings.min", "is missing"]),
    ("floor: 30%", "floor: 40%", 20, ["spec.gates.savings.floor", "to 35%"]),
    ("unsure: hold}\n    samples", "unsure: pass}\n    samples", 20, ["unsure", "hold"]),
    ("min: 1000", "min: 1000, quiet: 30s", 21, ["spec.gates.samples.quiet", "'30s'"]),
    ("min: 1000", "min: 0", 21, ["spec.gates.samples.min", "whole number from 1"]),
    ("min: 1000", "min: 1e3", 21, ["'1e3'"]),
    ("over: 20", "over: 1", 22, ["spec.gates.trip.over", "2 to 1,000"]),
    ("{errors: 50%, over: 20}", "{over: 20}", 22, ["spec.gates.trip.errors", "is missing"]),
    ("holdout: 1,", "holdout: 6,", 23, ["spec.after.holdout", "6 %", "keeps 5 %", "from users who have it"]),
    (", for: 90d", "", 23, ["spec.after.for", "90d"]),
    ("for: 90d", "for: ever", 23, ["spec.after.for", "'ever'"]),
    ("holdout: 5}", "holdout: 0}", 18, ["savings", "'full'", "no control", "holdout"]),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), REFUSED, ids=[f"{r[0]}->{r[1]}" for r in REFUSED])
def test_a_wrong_value_is_refused_with_its_line_and_what_to_write(old, new, line, words) -> None:
    assert old in SPEC
    message = refusal(SPEC.replace(old, new, 1))
    assert f"line {line}, column " in message
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize("block", ["metadata", "spec"])
def test_a_missing_block_is_named(block: str) -> None:
    text = "apiVersion: tidegate/v1\nkind: Rollout\nmetadata: {name: x}\nspec: {candidate: {}, stages: []}\n"
    kept = "\n".join(line for line in text.splitlines() if not line.startswith(block))
    assert f"{block}: is missing" in refusal(kept)


@pytest.mark.parametrize("key", ["candidate", "stages"])
def test_a_missing_part_of_the_spec_is_named(key: str) -> None:
    body = {"candidate": "  candidate: {}\n", "stages": "  stages: [{name: a, weight: 5, bake: 1s}]\n"}
    del body[key]
    head = "apiVersion: tidegate/v1\nkind: Rollout\nmetadata: {name: x}\nspec:\n"
    assert f"spec.{key}: is missing" in refusal(head + "".join(body.values()))


def test_every_problem_is_reported_at_once_in_the_order_of_lines() -> None:
    message = refusal(SPEC.replace("unit: user", "unit: x").replace("50%", "50").replace("72h", "72"))
    lines = [line.split(":")[0] for line in message.splitlines()[1:]]
    assert [line.split(",")[0] for line in lines] == ["line 5", "line 15", "line 22"]


def test_errors_without_max_need_control_in_every_stage() -> None:
    gates = "  gates: {errors: {worse: rollback}}\n"
    alone = MINIMAL.replace("bake: 1h", "bake: 1h, holdout: 0")
    assert "give that stage a holdout, or the gate a max" in refusal(alone + gates)
    assert parse(MINIMAL + gates).gates.errors == ErrorsGate()
    assert parse(alone + gates.replace("worse: rollback", "max: 2%")).gates.errors == ErrorsGate(max=0.02)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("just words", "expected a map"),
        ("- a\n- b\n", "a list; expected a map"),
        ("a: [1, 2", "line 1"),
        ("a: b: c", "line 1, column 5"),
        ("a: &x 1\nb: *x\n", "line 1: sets the anchor '&x'"),
        ("a: *x\n", "line 1: uses the alias '*x'"),
        ("a: !!python/object:os.system x\n", "line 1: has the tag"),
        ("a: 1\n---\nb: 2\n", "line 2: begins a second document"),
        ("[" * 5000, "nested over 12 deep"),
        ("a: [" + "1, " * 20_000 + "]", "over 10,000 values"),
        ('a: "\\U00110000"', "no valid YAML"),
        ("a: \x00", "no valid YAML"),
        ("? [a]\n: 1\n", "as a key; expected a word"),
        ('"": 1', "as a key; expected a word"),
    ],
)
def test_text_that_is_no_spec_is_refused(text: str, words: str) -> None:
    assert words in refusal(text)


def test_a_huge_spec_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge, match="65,536 bytes"):
        parse("a: " + "x" * 70_000)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse(text)


@given(st.integers(0, len(SPEC)), st.integers(0, 12), st.text("{}[]:,-& *!%\n\t'\"x0", max_size=6))
def test_a_mangled_spec_is_read_or_refused(at: int, cut: int, inserted: str) -> None:
    mangled = SPEC[:at] + inserted + SPEC[at + cut :]
    try:
        assert isinstance(parse(mangled), Spec)
    except InvalidInput as refused:
        assert str(refused)


def test_skills_are_pinned_to_digests_and_latest_is_the_newest_published() -> None:
    plan = resolve(parse(SPEC), VERSIONS, None)
    assert plan.candidate.skills == (
        SkillRef("contract-analysis", 3, "sha256:contract-analysis3"),
        SkillRef("document-drafting", 11, "sha256:document-drafting11"),
    )
    assert plan.candidate.model == "claude-haiku-4-5"
    assert plan.baseline == Variant()
    assert (plan.name, plan.after.holdout) == ("contract-skills", 100)


def test_a_missing_baseline_is_what_users_have_today() -> None:
    today = Variant(skills=(SkillRef("document-drafting", 2, "sha256:document-drafting2"),))
    spec = parse(MINIMAL.replace("a: 1", "document-drafting: 11"))
    assert resolve(spec, VERSIONS, today).baseline == today
    with pytest.raises(InvalidInput, match="name the baseline"):
        resolve(spec, VERSIONS, None)


@pytest.mark.parametrize(
    ("skill", "words"),
    [
        ("contract-analysys: 3", ["did you mean 'contract-analysis'", "document-drafting"]),
        ("contract-analysis: 2", ["has no version 2", "versions: 1, 3 (deprecated), 4 (revoked)"]),
        ("contract-analysis: 4", ["version 4 is revoked", "versions: 1"]),
        ("old-news: latest", ["no published version", "1 (revoked)"]),
    ],
)
def test_an_unknown_skill_or_version_is_refused_with_what_there_is(skill: str, words: list[str]) -> None:
    spec = parse(SPEC.replace("contract-analysis: 3", skill))
    with pytest.raises(InvalidInput) as refused:
        resolve(spec, VERSIONS, None)
    message = str(refused.value)
    assert "line 9, column 14: spec.candidate.skills." in message
    assert [word for word in words if word not in message] == []


NEEDY = [
    *(each for each in VERSIONS if each.name != "contract-analysis"),
    version("contract-analysis", 3, requires=("clause-library", "document-drafting")),
    version("clause-library", 1),
]


@pytest.mark.parametrize(
    ("given", "line", "arm"),
    [
        (SPEC, 9, "candidate"),
        (SPEC.replace("baseline: {skills: {}}", "baseline: {skills: {contract-analysis: 3}}"), 7, "baseline"),
    ],
)
def test_a_skill_without_one_that_it_requires_is_refused(given: str, line: int, arm: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        resolve(parse(given), NEEDY, None)
    message = str(refused.value)
    assert f"line {line}, " in message
    assert f"spec.{arm}.skills.contract-analysis: requires clause-library" in message
    assert "add `clause-library: latest` beside it" in message


def test_a_skill_beside_all_that_it_requires_is_taken() -> None:
    spec = parse(SPEC.replace("contract-analysis: 3", "contract-analysis: 3, clause-library: 1"))
    assert [skill.name for skill in resolve(spec, NEEDY, None).candidate.skills] == [
        "contract-analysis",
        "clause-library",
        "document-drafting",
    ]


def test_with_no_skill_published_the_message_says_how_to_publish() -> None:
    with pytest.raises(InvalidInput, match="tidegate skill publish"):
        resolve(parse(MINIMAL), [], Variant())


def test_problems_of_baseline_and_candidate_are_reported_together() -> None:
    spec = parse(
        SPEC.replace("baseline: {skills: {}}", "baseline: {skills: {nope: 1}}").replace("s: 3", "s: 9")
    )
    with pytest.raises(InvalidInput) as refused:
        resolve(spec, VERSIONS, None)
    assert len(str(refused.value).splitlines()) == 3
