"""What a package's scripts can do if nobody stops them, read from the scripts."""
