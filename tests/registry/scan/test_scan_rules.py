"""Every rule finds its bad example, leaves its good one alone, and says why it is there."""

import pytest
from scan_corpus import Scan

from tidegate.registry.scan.catalogue import RULES
from tidegate.registry.scan.rule import Example, Reach, Repeated, Rule
from tidegate.registry.scan.taxonomy import RISKS

EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def files(example: Example) -> dict[str, str | bytes]:
    """An example as a package has it."""
    return {
        path: body.text * body.times if isinstance(body, Repeated) else body for path, body in example.items()
    }


@EVERY_RULE
def test_rule_finds_its_bad_example(rule: Rule, scan: Scan) -> None:
    assert rule.id in {each.rule for each in scan(files(rule.bad))}


@EVERY_RULE
def test_rule_leaves_its_good_example_alone(rule: Rule, scan: Scan) -> None:
    assert rule.id not in {each.rule for each in scan(files(rule.good))}


@EVERY_RULE
def test_no_good_example_has_a_blocking_finding(rule: Rule, scan: Scan) -> None:
    assert [str(each) for each in scan(files(rule.good)) if each.severity in ("high", "critical")] == []


@EVERY_RULE
def test_rule_is_described(rule: Rule) -> None:
    assert set(rule.tags) <= RISKS.keys()
    assert rule.tags
    assert rule.title[0].islower() or rule.title[0].isupper()
    assert rule.why.endswith(".")
    assert bool(rule.patterns) is (rule.reach is not Reach.STRUCTURE)


@EVERY_RULE
def test_examples_are_short_in_memory(rule: Rule) -> None:
    bodies = [*rule.bad.values(), *rule.good.values()]
    assert max(len(body.text if isinstance(body, Repeated) else body) for body in bodies) <= 1_000


def test_ids_are_unique() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
