"""The rollout controller: observe, decide, commit, notify."""
