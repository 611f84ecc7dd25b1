"""Vectors of the wire format, and what makes them."""
