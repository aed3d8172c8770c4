"""The Anthropic Skills API over Tidegate's own registry."""

from tidegate.web.skills_api.app import create_skills_api

__all__ = ["create_skills_api"]
