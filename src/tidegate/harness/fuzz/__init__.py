"""Any bytes into what reads bytes of strangers: the validator of skills, SKILL.md, the rollout spec."""
