"""Lexical ranking: what a text's words choose, and that it holds for any catalogue and any text."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.lexical import (
    _KNOWN,
    _UNKNOWN,
    AT_MOST,
    CLOSING_BYTES,
    NEAR_BEST,
    OPENING_BYTES,
    OURS_WEIGHT,
    THRESHOLD,
    TOKENS_KEPT,
    WORDS_OF_A_REQUEST,
    Description,
    LexicalIndex,
    best_of,
    looked_at,
)
from tidegate.domain.words import is_ours, tokens

SET = Path(__file__).parents[1] / "simulation/selection/descriptions.json"
SKILLS = [
    Description(each["name"], each["description"], tuple(each["keywords"]))
    for each in json.loads(SET.read_text())
]
INDEX = LexicalIndex(SKILLS)

WORDS = st.sampled_from(
    [
        "contract",
        "review",
        "invoice",
        "sql",
        "query",
        "pod",
        "wcag",
        "slide",
        "the",
        "of",
        "our",
        "弊社",
        "合同",
        "審査",
        "straße",
        "x9",
    ]
)
PROSE = st.lists(WORDS, max_size=12).map(" ".join)
CATALOGUE = st.lists(
    st.builds(
        Description,
        name=st.text("abcd", min_size=1, max_size=3),
        description=PROSE,
        keywords=st.lists(WORDS, max_size=4).map(tuple),
    ),
    max_size=10,
    unique_by=lambda each: each.name,
)


def chosen(text: str, index: LexicalIndex = INDEX) -> list[str]:
    return [each.name for each in index.choose(text)]


def test_a_request_in_a_descriptions_words_chooses_its_skill() -> None:
    assert chosen("Which clauses of this agreement put liability on us?")[0] == "contract-analysis"
    assert chosen("My pod is in CrashLoopBackOff, here is kubectl output")[0] == "kubernetes-troubleshooting"


@pytest.mark.parametrize("text", ["", " ", "?!…", "the of and to please", "🙂🙃", "\x00\ufffd", "qwxz " * 50])
def test_nothing_and_garbage_choose_nothing(text: str) -> None:
    assert chosen(text) == []


def test_the_order_of_choice_is_by_score_and_names_break_ties() -> None:
    twins = [Description(name, "Audits zebra stables.", ("zebra",)) for name in ("b", "a", "c", "d")]
    ranked = LexicalIndex(twins).rank("zebra stables")
    assert [each.name for each in ranked] == ["a", "b", "c", "d"]
    assert len({each.score for each in ranked}) == 1


def test_at_most_a_few_near_the_best_are_chosen() -> None:
    many = [Description(f"s{n}", f"Audits zebra stables {'x' * n}.", ("zebra",)) for n in range(9)]
    many += [Description(f"other-{n}", f"Paints {'y' * (n + 2)} walls.") for n in range(40)]
    assert len(chosen("audit the zebra stables", LexicalIndex(many, threshold=1.0))) == AT_MOST


def test_what_a_description_disclaims_does_not_choose() -> None:
    index = LexicalIndex([Description("a", "Audits zebra stables. Not for giraffe houses or lion cages.")])
    assert index.rank("giraffe houses and lion cages") == []


def test_scores_mean_the_same_in_a_small_and_in_a_large_catalogue() -> None:
    own = Description("own", "Audits zebra stables.")
    others = [Description(f"o{n}", f"{'qrst'[n % 4] * (n + 3)} paint walls.") for n in range(30)]
    alone = LexicalIndex([own]).rank("zebra stables")[0].score
    among = next(each for each in LexicalIndex([own, *others]).rank("zebra stables") if each.name == "own")
    assert among.score == alone


def test_a_short_text_that_says_other_things_counts_less_than_a_short_one_that_does_not() -> None:
    skills = [Description("own", "Audits zebra stables.", ("zebra",)), Description("other", "Paints walls.")]
    index = LexicalIndex(skills)
    alone, lost, work = (
        index.rank(f"zebra stables{''.join(f' word{letter}' for letter in others)}")[0].score
        for others in ("", "abcde", "abcdefgh")
    )
    assert work == alone
    assert lost == pytest.approx(0.7 * alone, abs=0.001)
    assert chosen("Which zebra stables?", index) == ["own"]


@given(CATALOGUE, PROSE, st.integers(0, 12))
def test_a_short_text_never_counts_for_more_than_with_words_that_nobody_knows(
    skills: list[Description], text: str, words: int
) -> None:
    index = LexicalIndex(skills)
    short = {each.name: each.score for each in index.rank(text)}
    long = {each.name: each.score for each in index.rank(text + "".join(f" unknown{n}" for n in range(20)))}
    some = {
        each.name: each.score for each in index.rank(text + "".join(f" unknown{n}" for n in range(words)))
    }
    assert short.keys() == long.keys() == some.keys()
    assert all(max(short[name], some[name]) <= long[name] for name in long)


def test_a_lower_threshold_chooses_more() -> None:
    text = "something on liability"
    assert chosen(text, LexicalIndex(SKILLS, threshold=0.5)) != []
    assert chosen(text, LexicalIndex(SKILLS, threshold=50.0)) == []


def test_chinese_japanese_and_german_texts_choose_too() -> None:
    index = LexicalIndex(
        [
            Description("contracts", "审查商业合同，指出风险条款。", ("合同", "条款")),
            Description("minutes", "会議の議事録を作成します。", ("議事録", "会議")),
            Description("buero", "Prüft Büroflächen und Mietverträge.", ("büroflächen", "mietverträge")),
        ]
    )
    assert chosen("请审查这份合同的风险条款", index) == ["contracts"]
    assert chosen("昨日の会議の議事録を作って", index) == ["minutes"]
    assert chosen("Bitte BÜROFLÄCHEN und Mietverträge prüfen", index) == ["buero"]


def test_of_a_long_text_the_opening_and_the_end_count() -> None:
    padding = "lorem ipsum " * 2_000
    ask = "Review the liability and indemnity clauses of this contract. "
    assert chosen(looked_at(ask + padding))[0] == "contract-analysis"
    assert chosen(looked_at(padding + ask))[0] == "contract-analysis"
    assert chosen(looked_at(padding + ask + padding)) == []
    assert len(looked_at(padding)) == OPENING_BYTES + 1 + CLOSING_BYTES


@given(st.text(max_size=40), st.integers(1, 400))
def test_what_is_looked_at_is_bounded_and_the_whole_of_a_short_text(text: str, times: int) -> None:
    seen = looked_at(text * times)
    whole = OPENING_BYTES + CLOSING_BYTES
    assert len(seen.encode(errors="ignore")) <= whole + 1
    if len((text * times).encode(errors="ignore")) <= whole:
        assert seen == text * times


def test_what_an_index_remembers_is_bounded_and_changes_nothing() -> None:
    index = LexicalIndex(SKILLS)
    before = index.choose("Review the clauses of this contract")
    for number in range(0, 3 * TOKENS_KEPT, 500):
        index.choose(" ".join(f"w{each}" for each in range(number, number + 500)))
    assert len(index._rows) <= TOKENS_KEPT
    assert index.choose("z" * 100_000 + " " + "y" * 41) == ()
    assert all(len(token) <= 40 for token in index._rows)
    assert index.choose("Review the clauses of this contract") == before


@given(CATALOGUE, PROSE)
def test_the_order_of_the_catalogue_does_not_matter(skills: list[Description], text: str) -> None:
    assert LexicalIndex(skills).rank(text) == LexicalIndex(skills[::-1]).rank(text)


@given(CATALOGUE, st.lists(WORDS, max_size=12))
def test_the_order_of_the_words_does_not_matter(skills: list[Description], words: list[str]) -> None:
    index = LexicalIndex(skills)
    assert index.rank(" ".join(words)) == index.rank(" ".join(reversed(words)))


@given(CATALOGUE, PROSE)
def test_the_choice_is_the_top_of_the_ranking(skills: list[Description], text: str) -> None:
    index = LexicalIndex(skills, threshold=1.0)
    ranked = index.rank(text)
    assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)
    picked = list(index.choose(text))
    assert picked == list(ranked[: len(picked)]) == list(best_of(ranked, 1.0, NEAR_BEST))
    assert all(each.score >= 1.0 for each in picked)


@given(CATALOGUE, PROSE)
def test_a_ranking_is_what_a_loop_over_words_and_skills_makes(skills: list[Description], text: str) -> None:
    index = LexicalIndex(skills, threshold=0.5)
    rows = [index._rows[token] for token in sorted(set(tokens(text)))]
    known = {row for row in rows if row >= _KNOWN}
    words = len(known) + rows.count(_UNKNOWN)
    weight = OURS_WEIGHT if any(map(is_ours, tokens(text))) else 1.0
    expected: dict[str, float] = {}
    for place, name in enumerate(sorted(each.name for each in skills)):
        adds = [value for row in sorted(known) if (value := index._sums.at(row, place))]
        clear = (
            max(words / WORDS_OF_A_REQUEST, (len(adds) / words) ** 2)
            if 0 < words < WORDS_OF_A_REQUEST
            else 1.0
        )
        if adds:
            expected[name] = sum(adds) * weight * clear / 100
    ranked = index.rank(text)
    assert {each.name: each.score for each in ranked} == pytest.approx(expected, abs=0.001)
    best = max(expected.values(), default=0.0)
    clearly = {
        name for name, score in expected.items() if score >= 0.501 and score >= best * NEAR_BEST + 0.001
    }
    assert len(clearly) > AT_MOST or clearly <= {each.name for each in index.choose(text)}


@pytest.mark.parametrize("ours", ["our", "OUR", "unseren", "nos clauses, notre", "我们的"])
def test_a_text_that_speaks_for_a_group_counts_more(ours: str) -> None:
    rest = "contract: liability and indemnity clauses, renewal, termination, governing law, negotiation"
    scores = [INDEX.rank(f"{words} {rest}")[0].score for words in ("the", ours)]
    assert scores[1] == pytest.approx(scores[0] * OURS_WEIGHT, abs=0.002)


@given(CATALOGUE, PROSE)
def test_the_parts_of_an_explanation_add_up_to_the_score(skills: list[Description], text: str) -> None:
    index = LexicalIndex(skills)
    for each in index.rank(text):
        parts = index.explain(text, each.name)
        assert sum(part.score for part in parts) == pytest.approx(each.score, abs=0.001 * (len(parts) + 1))
        assert all(part.word in text.casefold() for part in parts)


@given(st.text(max_size=500))
def test_any_text_at_all_is_ranked(text: str) -> None:
    assert all(each.score >= THRESHOLD for each in INDEX.choose(text))
    assert INDEX.choose(text) == INDEX.choose(text)
