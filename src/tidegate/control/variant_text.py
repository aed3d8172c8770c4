"""What a variant is, in one line for people."""

from tidegate.domain.rollout import Variant


def variant_text(variant: Variant) -> str:
    """Its skills with their versions, then its model: `contract-analysis@3; the model asked for`."""
    skills = ", ".join(f"{ref.name}@{ref.version}" for ref in variant.skills) or "no skill"
    route = "models by the skills' effectiveness" if variant.route else "the model asked for"
    return f"{skills}; {variant.model or route}"
