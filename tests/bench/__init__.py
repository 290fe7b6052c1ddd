"""Measures the bridge beside a bare server on the same machine; README.md says how to read what it prints."""
