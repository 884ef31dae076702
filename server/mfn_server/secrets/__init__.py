"""Secrets: where they are kept, how settings name them, and how new ones take effect while the server runs."""
