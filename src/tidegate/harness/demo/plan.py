"""What is rolled out in the demonstration, and how the plans differ from production's."""

from dataclasses import dataclass

USERS = 2_000
RATE_PER_SECOND = 80.0
SDK_REQUESTS = 520
ZIPF_EXPONENT = 0.6
"""Some users write much more than others; still, most of the 2,000 are seen within a minute."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The three things in which a demonstration plan differs from the production plan."""

    bakes: tuple[str, str, str]
    samples: int
    promote: tuple[str, str, str]


PRODUCTION = Timing(bakes=("72h", "168h", "48h"), samples=1000, promote=("manual", "manual", "auto"))
DEMONSTRATION = Timing(bakes=("14s", "14s", "14s"), samples=25, promote=("auto", "auto", "auto"))

FIRST_ROLLOUT = "contract-skills"
SECOND_ROLLOUT = "log-skills"
FIRST_SKILLS = ("contract-analysis", "incident-summary")
SECOND_SKILLS = (*FIRST_SKILLS, "log-digest")
FAULTY_SKILL = "log-digest"
SMALL_MODEL = "claude-haiku-4-5"
CLIENT_MODEL = "claude-opus-4-6"


def spec(name: str, skills: tuple[str, ...], timing: Timing, *, savings: bool) -> str:
    """A rollout spec as an operator writes it."""
    listed = ", ".join(f"{skill}: latest" for skill in skills)
    stages = zip(("canary", "beta", "full"), (5, 25, 100), timing.bakes, timing.promote, strict=True)
    lines = [
        "apiVersion: tidegate/v1",
        "kind: Rollout",
        f"metadata: {{name: {name}}}",
        "spec:",
        "  unit: user",
        "  candidate:",
        f"    skills: {{{listed}}}",
        f"    model: {SMALL_MODEL}",
        "    timeout: 5s",
        "  stages:",
        *(
            f"    - {{name: {stage}, weight: {weight}, bake: {bake}, promote: {promote}"
            + (", holdout: 5}" if weight == 100 else "}")
            for stage, weight, bake, promote in stages
        ),
        "  gates:",
        "    errors: {max: 2%, worse: rollback}",
        f"    samples: {{min: {timing.samples}, unsure: hold}}",
        "    trip: {errors: 50%, over: 20}",
        *(["    savings: {min: 35%, floor: 30%}"] if savings else []),
        "  after: {holdout: 1, for: 90d}",
        "",
    ]
    return "\n".join(lines)


def differences() -> list[tuple[str, str, str]]:
    """Rows (what, production, demonstration) of every line in which the two plans differ."""
    production = spec(FIRST_ROLLOUT, FIRST_SKILLS, PRODUCTION, savings=True).splitlines()
    demonstration = spec(FIRST_ROLLOUT, FIRST_SKILLS, DEMONSTRATION, savings=True).splitlines()
    rows: list[tuple[str, str, str]] = []
    for wanted, used in zip(production, demonstration, strict=True):
        if wanted == used:
            continue
        before, after = _settings(wanted), _settings(used)
        label = before.get("name", wanted.strip().split(":")[0])
        rows.extend(
            (f"{label}: {key}", before[key], after[key]) for key in before if before[key] != after[key]
        )
    return rows


def _settings(line: str) -> dict[str, str]:
    inside = line[line.index("{") + 1 : line.rindex("}")]
    return {
        key.strip(): value.strip() for key, _, value in (part.partition(":") for part in inside.split(","))
    }
