"""Look-ups are replayed for each time that answers may be kept."""

from collections import defaultdict
from random import Random

import pytest

from tidegate.domain.tuning.answers import Reuses
from tidegate.domain.tuning.reuse_distances import LADDER, Distances, Lookup, advise_ttl, ladder_with, told

DAY = 86_400.0


def drawn(count: int, seed: int, keys: int = 60, days: float = 3.0) -> list[Lookup]:
    draw, found = Random(seed), []
    for _ in range(count):
        at = 1e6 + draw.random() * days * DAY
        given = draw.random() < 0.2
        cost = None if draw.random() < 0.1 else 0.0 if given else 0.02
        key = f"k{int(keys * draw.random() ** 3)}"
        found.append(Lookup(key, at, at + draw.random() * 3, draw.random() < 0.9, given, cost))
    return sorted(found, key=lambda each: (each.key, each.at))


def replayed(rows: list[Lookup], seconds: int) -> int:
    """A cache, in the order of time."""
    kept: dict[str, float] = defaultdict(lambda: -1.0)
    hits = 0
    for row in sorted(rows, key=lambda each: each.at):
        if row.at < kept[row.key]:
            hits += 1
        elif row.good:
            kept[row.key] = row.finished_at + seconds
    return hits


@pytest.mark.parametrize("seed", range(3))
def test_hits_are_those_of_a_cache_that_is_replayed(seed: int) -> None:
    rows = drawn(3000, seed)
    distances = Distances(LADDER)
    for begin in range(0, len(rows), 700):
        distances.add(rows[begin : begin + 700])
    sums = distances.sums(keyless=4)
    assert sums.hits == {seconds: replayed(rows, seconds) for seconds in LADDER}
    assert (sums.lookups, sums.keyless) == (3000, 4)
    assert sums.given == sum(row.given for row in rows)
    assert sums.asked == sum(not row.given and row.cost_usd is not None for row in rows)
    assert sums.asked_usd == pytest.approx(0.02 * sums.asked)
    assert sums.first_at == min(row.at for row in rows)


def reuses(**changes: object) -> Reuses:
    """3,000 look-ups over eight days; ninety-five of a hundred hits come within an hour."""
    hits = dict.fromkeys(LADDER, 1000) | {60: 100, 300: 300, 900: 700, 1800: 900, 3600: 960, 7200: 980}
    usual = {"lookups": 3000, "given": 100, "asked": 2900, "asked_usd": 58.0, "first_at": 1e6, "hits": hits}
    return Reuses(**{**usual, **changes})


UNTIL = 1e6 + 8 * DAY


def test_the_shortest_time_with_nearly_all_hits_is_proposed() -> None:
    found = advise_ttl(reuses(), 60.0, 6000, UNTIL)
    assert (found.proposed, found.n) == (3600.0, 3000)
    assert found.spared == pytest.approx(860 / 6000)
    assert "960 of 3,000 given again in place of 100, +17.20 dollars saved" in found.effect
    assert "1m 100, 5m 300, 15m 700, 30m 900, 1h 960, 2h 980" in found.effect
    assert found.evidence == "3,000 look-ups, 100 of them given again"


def test_a_longer_time_than_answers_need_is_shortened() -> None:
    found = advise_ttl(reuses(), 604_800.0, 6000, UNTIL)
    assert found.proposed == 3600.0
    assert "960 of 3,000 given again in place of 1,000, -0.80 dollars saved" in found.effect
    assert found.spared < 0


def test_no_time_beyond_half_of_what_was_seen_is_judged() -> None:
    late = dict.fromkeys(LADDER, 100) | {259_200: 900, 604_800: 900}
    assert advise_ttl(reuses(hits=late), 3600.0, 6000, UNTIL).proposed == 259_200
    found = advise_ttl(reuses(hits=late), 60.0, 6000, 1e6 + 2 * DAY)
    assert (found.proposed, "fits" in found.why) == (None, True)


@pytest.mark.parametrize(
    ("changes", "missing", "said"),
    [
        ({"lookups": 480}, 20, "20 more look-ups are needed"),
        ({"lookups": 0, "keyless": 70}, 500, "500 more look-ups are needed"),
        ({"hits": dict.fromkeys(LADDER, 12)}, 18, "12 would have been given again within 3d; 18 more"),
    ],
)
def test_too_few_say_how_many_are_missing(changes: dict[str, object], missing: int, said: str) -> None:
    found = advise_ttl(reuses(**changes), 60.0, 6000, UNTIL)
    assert (found.proposed, found.missing) == (None, missing)
    assert said in found.why


def test_a_minute_of_look_ups_tells_no_time() -> None:
    found = advise_ttl(reuses(), 30.0, 6000, 1e6 + 100)
    assert (found.proposed, found.why) == (None, "look-ups of 120s at least are needed")


def test_look_ups_from_before_keys_were_on_record_are_counted_apart() -> None:
    assert (
        "70 more from before keys were on record"
        in advise_ttl(reuses(keyless=70), 60.0, 6000, UNTIL).evidence
    )


def test_without_a_cache_it_is_said_what_has_to_be_switched_on() -> None:
    found = advise_ttl(Reuses(), None, 6000, UNTIL)
    assert (found.present, found.proposed) == (None, None)
    assert "give a candidate `cache: {ttl: 5m}` for some time" in found.why


def test_a_few_hits_more_are_not_worth_older_answers() -> None:
    found = advise_ttl(reuses(hits=dict.fromkeys(LADDER, 970) | {60: 900, 300: 945}), 300.0, 6000, UNTIL)
    assert (found.proposed, "the present one fits" in found.why) == (None, True)


def test_the_present_time_is_tried_too() -> None:
    assert 77 in ladder_with(77.4)
    assert ladder_with(None) == LADDER


@pytest.mark.parametrize(
    ("seconds", "said"), [(86_400, "1d"), (5400, "90m"), (7200, "2h"), (45, "45s"), (1.5, "1.5s")]
)
def test_times_are_told_as_a_spec_has_them(seconds: float, said: str) -> None:
    assert told(seconds) == said
