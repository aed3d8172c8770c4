"""OpenAI chat completions and the Anthropic Messages API: each told in the other's terms; pure."""
