"""A second implementation of FSA-1, secure aggregation, written from its specification alone.

It shares no code with the product and exists to be compared with it. See ../README.md.
"""
