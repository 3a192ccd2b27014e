"""Arbitrary bytes and shapes at every entrance of a recado that runs, judged from outside: see docs/security.md."""
