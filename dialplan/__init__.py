"""From a `Site` to Asterisk's files, and from the files to a running, verified Asterisk."""
