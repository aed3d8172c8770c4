"""Every attack by an upload is refused for its reason; with its guard taken away it succeeds."""

import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
import yaml

from tidegate.harness.audit.judgement import Outcome, Verdict
from tidegate.harness.audit.uploads import UPLOADS, Refusal, UploadAttack, judged_refusal
from tidegate.registry import document, manifest, names, unzip, validate
from tidegate.registry.limits import PackageLimits
from tidegate.registry.tree import Tree

BY_NAME = {each.attack.id.removeprefix("upload/"): each for each in UPLOADS}
LIMITS = PackageLimits()


def attempt_upload(attack: UploadAttack, limits: PackageLimits) -> Outcome:
    """Hand it to the validator alone, whose guards can be taken away one by one."""
    inspection = validate.inspect_zip(attack.build(), limits)
    if inspection.package is not None:
        return judged_refusal(attack, None)
    status = 413 if any(each.too_large for each in inspection.findings) else 400
    return judged_refusal(attack, Refusal(tuple(map(str, inspection.findings)), status))


@pytest.mark.parametrize("name", list(BY_NAME))
def test_the_attack_is_refused_for_its_reason(name: str) -> None:
    outcome = attempt_upload(BY_NAME[name], LIMITS)
    assert outcome.verdict is Verdict.HELD, outcome.seen


def _no_root(wanted: list[zipfile.ZipInfo], tree: Tree) -> None:
    tree.root = "attack"


def _trusting(data: bytes, entry: zipfile.ZipInfo, room: int) -> bytes:
    """As a reader unpacks that believes every header."""
    _, _, name_bytes, extra_bytes = unzip._LOCAL.unpack_from(data, entry.header_offset)
    start = entry.header_offset + unzip._LOCAL.size + name_bytes + extra_bytes
    packed = data[start : start + entry.compress_size]
    return packed if entry.compress_type == zipfile.ZIP_STORED else zlib.decompress(packed, -15)


PATHS = (unzip, "path_problem", lambda path: None)
ROOT = (unzip, "_place_root", _no_root)
KINDS = (unzip, "_entry_problem", lambda entry: None)
TWINS = (unzip, "collisions", lambda paths: ())
SKILL_MD = (validate, "_skill_md", lambda tree, findings: tree.files["SKILL.md"])
SIZES = (unzip, "_unpacked", _trusting)
CONTROLS: dict[str, tuple[tuple[object, str, object], ...]] = {
    "zip-slip": (PATHS,),
    "absolute-path": (PATHS, ROOT),
    "backslash-path": (PATHS, ROOT),
    "drive-path": (PATHS, ROOT),
    "symlink": (KINDS,),
    "symlink-skill-md": (KINDS,),
    "duplicate-entries": (TWINS,),
    "case-collision": (TWINS,),
    "nfc-collision": (TWINS,),
    "skill-md-twin": (TWINS, SKILL_MD),
    "device-name": (PATHS,),
    "trailing-dot": (PATHS,),
    "trailing-space": (PATHS,),
    "fifo": (KINDS,),
    "device": (KINDS,),
    "setuid": (KINDS,),
    "nul-in-name": (PATHS,),
    "control-in-name": (PATHS,),
    "overlong-name": (PATHS,),
    "several-folders": (ROOT,),
    "several-skill-md": (SKILL_MD,),
    "bomb-overlap": ((unzip, "_refuse_stray_bytes", lambda *_: None),),
    "hidden-entry": ((unzip, "_refuse_stray_bytes", lambda *_: None),),
    "lying-size": (SIZES,),
    "header-mismatch": (SIZES,),
    "homoglyph-name": ((names, "_NAME", re.compile(r"\w+")),),
    "reserved-name": ((names, "RESERVED", ()),),
    "xml-breakout": ((manifest, "_XML_TAG", re.compile(r"(?!)")),),
    "bom": (
        (validate, "take_apart", lambda content, limits: document.take_apart(content[3:], limits)),
    ),
}  # fmt: skip

RAISED = {
    "bomb-ratio": {"ratio": 10_000},
    "too-many-files": {"files": 1_000},
    "file-too-large": {"file_bytes": 30_000_000},
    "package-too-large": {"unpacked_bytes": 40_000_000},
    "skill-md-too-large": {"skill_md_bytes": 4_000_000},
    "frontmatter-too-large": {"frontmatter_bytes": 4_000_000},
}


def _frontmatter(attack: UploadAttack) -> str:
    with zipfile.ZipFile(BytesIO(attack.build())) as archive:
        return archive.read("attack/SKILL.md").decode(errors="replace")


def _loaded(name: str) -> dict:
    return yaml.unsafe_load(_frontmatter(BY_NAME[name]).split("\n---\n")[0].removeprefix("---\n"))


NAIVE: dict[str, Callable[[], bool]] = {
    "yaml-anchors": lambda: _loaded("yaml-anchors")["license"] == "ok",
    "yaml-keys": lambda: len(_loaded("yaml-keys")) == 5_002,
    "yaml-tags": lambda: _loaded("yaml-tags")["description"] == str(Path.cwd()),
    "yaml-duplicate-keys": lambda: _loaded("yaml-duplicate-keys")["description"] == "other",
    "yaml-fence": lambda: _frontmatter(BY_NAME["yaml-fence"]).split("---")[1].endswith('"ok\n'),
    "non-utf-8": lambda: _frontmatter(BY_NAME["non-utf-8"]).endswith("\ufffd\ufffd"),
}
"""What a reader without the guard makes of it."""

ELSEWHERE = {"hardlink", "yaml-depth"}


def test_each_attack_has_its_control() -> None:
    assert {*CONTROLS, *RAISED, *NAIVE, *ELSEWHERE} == set(BY_NAME)


@pytest.mark.parametrize("name", list(CONTROLS))
def test_with_its_guard_taken_away_it_is_let_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, attribute, replacement in CONTROLS[name]:
        monkeypatch.setattr(module, attribute, replacement)
    outcome = attempt_upload(BY_NAME[name], LIMITS)
    assert outcome.verdict is Verdict.FAILED, outcome.seen
    assert outcome.seen.startswith("accepted")


@pytest.mark.parametrize("name", list(RAISED))
def test_with_its_limit_raised_it_is_let_in(name: str) -> None:
    raised = PackageLimits(**{**{f: getattr(LIMITS, f) for f in LIMITS.__slots__}, **RAISED[name]})
    outcome = attempt_upload(BY_NAME[name], raised)
    assert outcome.seen.startswith("accepted"), outcome.seen


@pytest.mark.parametrize("name", list(NAIVE))
def test_a_reader_without_the_guard_is_misled(name: str) -> None:
    assert NAIVE[name]()


def test_a_reader_without_the_guard_runs_out_of_stack() -> None:
    with pytest.raises(RecursionError):
        _loaded("yaml-depth")


def test_a_reader_of_tars_would_link_to_what_lies_outside() -> None:
    with tarfile.open(fileobj=BytesIO(BY_NAME["hardlink"].build())) as archive:
        (link,) = archive.getmembers()
    assert (link.islnk(), link.linkname) == (True, "/etc/passwd")


def test_an_attack_that_is_refused_for_another_reason_proves_nothing() -> None:
    attack = msgspec.structs.replace(BY_NAME["fifo"], reason="has the wrong colour")
    outcome = attempt_upload(attack, LIMITS)
    assert (outcome.verdict, outcome.seen[:26]) == (Verdict.FAILED, "refused for another reason")


@pytest.mark.parametrize("name", list(BY_NAME))
def test_under_default_limits_no_other_rule_stands_for_the_one_that_is_tried(name: str) -> None:
    """And no other attack's rule would do: each refusal is of its own."""
    alone = msgspec.structs.replace(BY_NAME[name], limits=())
    assert attempt_upload(alone, LIMITS).verdict is Verdict.HELD
    for changed in ({"at": "elsewhere"}, {"reason": "has the wrong colour"}):
        outcome = attempt_upload(msgspec.structs.replace(alone, **changed), LIMITS)
        assert outcome.seen.startswith("refused for another reason"), changed


@pytest.mark.parametrize("status", [401, 409, 500, 529])
def test_an_answer_that_is_no_refusal_of_the_package_proves_nothing(status: int) -> None:
    fifo = BY_NAME["fifo"]
    right = Refusal((f"{fifo.at}: {fifo.reason}",), 400)
    assert judged_refusal(fifo, right).verdict is Verdict.HELD
    assert judged_refusal(fifo, msgspec.structs.replace(right, status=status)).verdict is Verdict.FAILED


def test_a_limit_in_front_counts_only_where_it_is_one_of_the_attacks_own() -> None:
    strict = PackageLimits(unpacked_bytes=64, file_bytes=64)
    assert attempt_upload(BY_NAME["bomb-ratio"], strict).verdict is Verdict.HELD
    assert attempt_upload(BY_NAME["yaml-tags"], strict).seen.startswith("refused for another reason")
    assert attempt_upload(BY_NAME["too-many-files"], strict).verdict is Verdict.FAILED


def test_stricter_limits_are_no_finding() -> None:
    strict = PackageLimits(unpacked_bytes=1_000_000, file_bytes=500_000, files=20, ratio=20)
    outcomes = [attempt_upload(each, strict) for each in UPLOADS]
    assert [outcome.seen for outcome in outcomes if outcome.verdict is not Verdict.HELD] == []
