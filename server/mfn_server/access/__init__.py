"""Who calls: API keys, tokens and client certificates, the files they are read from, and what guessing costs."""
