"""A scenario that is like the traffic of a past period."""
