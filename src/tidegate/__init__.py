"""Tidegate: run LLM Agent Skills in production, with staged rollout and automatic rollback."""
