"""A coordinator in Python, written from the specification and proto/ alone, for tests (see ../README.md)."""
