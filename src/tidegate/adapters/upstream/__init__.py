"""HTTP clients that reach the LLM provider."""
