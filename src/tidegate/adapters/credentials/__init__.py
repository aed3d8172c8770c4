"""Where the keys of upstreams come from: text, an environment variable, a file, a command."""
