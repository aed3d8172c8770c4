"""Skill packages: parsing, validation and publishing of immutable versions."""
