"""Open-model load: requests go out when they are due, whatever the answers do, and are timed from then."""
