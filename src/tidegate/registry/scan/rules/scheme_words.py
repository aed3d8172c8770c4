"""The words of all classes by which a skill works against people, in one table."""

from tidegate.registry.scan.rules import cloak_words, fraud_words, grip_words, way_words
from tidegate.registry.scan.rules.acts import Act

WORDS: dict[Act, str] = cloak_words.WORDS | fraud_words.WORDS | grip_words.WORDS | way_words.WORDS
"""RE2, without regard to case, on one text at a time."""

CASED = Act.CAPITAL_SLOT | Act.PROMOTES | Act.MARKED | Act.ACCOUNT_NUMBER | Act.INTEREST
"""Classes where upper case tells names from words."""
