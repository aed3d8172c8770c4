"""Running skill scripts."""
