"""What is blocked and what passes: corpora written apart from the rules."""

import pytest
from scan_corpus import Case, Scan, read_corpus

BLOCKING = ("high", "critical")


def _blocked(case: Case, scan: Scan) -> bool:
    return any(each.severity in BLOCKING for each in scan(case.files))


@pytest.mark.parametrize("corpus", ["malicious_tuning.txt", "malicious_held.txt"])
def test_at_least_95_percent_of_the_malicious_are_blocked(corpus: str, scan: Scan) -> None:
    cases = read_corpus(corpus)
    missed = [f"{case.name}: {case.why}" for case in cases if not _blocked(case, scan)]
    assert len(missed) <= 0.05 * len(cases), missed


def test_at_least_95_percent_of_the_benign_pass(scan: Scan) -> None:
    cases = read_corpus("benign.txt")
    alarms = [f"{case.name}: {case.why}" for case in cases if _blocked(case, scan)]
    assert len(cases) >= 40
    assert len(alarms) <= 0.05 * len(cases), alarms


def test_there_are_40_malicious_packages_and_none_twice() -> None:
    names = [case.name for corpus in ("tuning", "held") for case in read_corpus(f"malicious_{corpus}.txt")]
    assert len(names) >= 40
    assert len(names) == len(set(names))
