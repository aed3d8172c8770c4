"""The process that packages are judged and read in, and how it is asked."""
