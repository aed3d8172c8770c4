"""What is blocked and what passes: corpora the rules were tuned on, and one that they were not."""

import pytest
from scan_corpus import Case, Scan, read_corpus

BLOCKING = ("high", "critical")


def _blocked(case: Case, scan: Scan) -> bool:
    return any(each.severity in BLOCKING for each in scan(case.files))


@pytest.mark.parametrize("corpus", ["tuning", "held", "fresh", "blind"])
def test_at_least_95_percent_of_the_malicious_are_blocked(corpus: str, scan: Scan) -> None:
    cases = read_corpus(f"malicious_{corpus}.txt")
    missed = [f"{case.name}: {case.why}" for case in cases if not _blocked(case, scan)]
    assert len(missed) <= 0.05 * len(cases), missed


@pytest.mark.parametrize("corpus", ["benign", "benign_fresh", "benign_blind"])
def test_at_least_95_percent_of_the_benign_pass(corpus: str, scan: Scan) -> None:
    cases = read_corpus(f"{corpus}.txt")
    alarms = [f"{case.name}: {case.why}" for case in cases if _blocked(case, scan)]
    assert len(cases) >= 20
    assert len(alarms) <= 0.05 * len(cases), alarms


def test_what_no_rule_was_tuned_on_is_judged_no_worse_than_at_its_first_reading(scan: Scan) -> None:
    """The bounds are what was measured, not what is wished for; whoever tunes on these writes new ones."""
    blocked = [case.name for case in read_corpus("malicious_unseen.txt") if _blocked(case, scan)]
    passed = [case.name for case in read_corpus("benign_unseen.txt") if not _blocked(case, scan)]
    assert len(blocked) >= 8
    assert len(passed) >= 19


def test_there_are_40_malicious_packages_and_none_twice() -> None:
    names = [case.name for corpus in ("tuning", "held") for case in read_corpus(f"malicious_{corpus}.txt")]
    assert len(names) >= 40
    assert len(names) == len(set(names))
