"""Published vectors, and our own."""
