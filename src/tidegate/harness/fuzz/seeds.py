"""What fuzzing begins with: sound inputs, and the audit's attacks."""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from tidegate.harness.audit.uploads import UPLOADS
from tidegate.harness.demo.plan import PRODUCTION, spec
from tidegate.harness.fuzz.recipe import BELOW, ENTRY, SPLIT, recipe_of
from tidegate.registry.archive import canonical_archive
from tidegate.registry.document import SKILL_MD
from tidegate.registry.folder import read_folder
from tidegate.registry.limits import PackageLimits

SAMPLES = Path(__file__).parents[4] / "skills"
_SMALL = 65_536
_SHORT = b"---\nname: tide-table\ndescription: ok\n---\nLook.\n"

_EVERYTHING = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: everything}
spec:
  unit: conversation
  eligible: {tenants: ["*"], tasks: [summaries]}
  baseline: {skills: {}}
  candidate:
    skills: {contract-analysis: 3, document-drafting: latest}
    system: replace
    select: {lexical: on, threshold: 2.5}
    timeout: 5s
    deadline: 600s
    cache: {ttl: 1h, when: deterministic}
    route: {small: claude-haiku-4-5, middle: claude-sonnet-4-5, thresholds: [0.8, 0.5]}
  stages:
    - {name: canary, weight: 5, bake: 72h, promote: manual, report: daily}
    - {name: full, weight: 100, bake: 48h, promote: auto, report: daily, holdout: 5}
  gates:
    errors: {max: 2%, worse: rollback}
    latency: {p95: 5s, of: total, worse: rollback}
    savings: {min: 35%, floor: 30%, worse: rollback, unsure: hold}
    feedback: {min: 80%, worse: pause}
    samples: {min: 1000, unsure: hold}
    ratio: {worse: pause}
    trip: {errors: 50%, over: 20}
  after: {holdout: 1, for: 90d}
"""


def archives() -> Iterator[tuple[str, bytes]]:
    """The sample skills, stored and deflated, and every attack by an upload that is not large."""
    for name, files in _samples():
        yield f"{name}.stored", canonical_archive(name, files)
        yield f"{name}.deflated", deflated(name, files)
    for each in UPLOADS:
        data = each.build()
        if len(data) <= _SMALL:
            yield each.attack.id.replace("/", "-"), data


def skill_mds() -> Iterator[tuple[str, bytes]]:
    """The SKILL.md of each sample and of each attack by its text."""
    for name, files in _samples():
        yield name, files[SKILL_MD]
    for name, data in archives():
        if name.startswith("upload-"):
            yield from ((name, each) for each in _skill_md_in(data))


def recipes() -> Iterator[tuple[str, bytes]]:
    """The samples' outlines, small so that many are read a second, and entries of every kind."""
    for name, files in _samples():
        yield name, recipe_of({path: content[:100] for path, content in files.items()} | {SKILL_MD: _SHORT})
    kinds = b"".join(ENTRY + bytes([BELOW | kind << 2]) + b"x%d" % kind + SPLIT + b"x" for kind in range(8))
    yield "kinds", recipe_of({SKILL_MD: _SHORT}) + kinds


def specs() -> Iterator[tuple[str, bytes]]:
    """A spec of production, and one with every key that there is."""
    yield "production", spec("seed", ("contract-analysis",), PRODUCTION, savings=True).encode()
    yield "everything", _EVERYTHING.encode()


def deflated(root: str, files: dict[str, bytes]) -> bytes:
    """The files below `root` as any zip tool packs them."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(f"{root}/{path}", content)
    return packed.getvalue()


def _samples() -> Iterator[tuple[str, dict[str, bytes]]]:
    for folder in sorted(SAMPLES.iterdir()):
        tree = read_folder(folder, PackageLimits())
        yield tree.root, tree.files


def _skill_md_in(data: bytes) -> Iterator[bytes]:
    """Where a zip tool can read it, whatever the validator says of the rest."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.endswith(f"/{SKILL_MD}")]
            yield from (archive.read(name) for name in names[:1])
    except zipfile.BadZipFile:
        return
