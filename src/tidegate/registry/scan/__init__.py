"""The scanner: what a package would make a model or a machine do, judged by rules before it is published."""
