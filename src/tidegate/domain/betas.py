"""Betas of the Messages API that the gateway itself asks for."""

SKILLS_BETA = b"skills-2025-10-02"
"""The Skills API, and skills in a container, in their first form."""
