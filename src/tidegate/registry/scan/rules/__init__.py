"""All rules, by what they protect from."""
