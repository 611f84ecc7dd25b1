"""Everything that is made from the command tree. Not named `generate`: that would hide generate.py."""
