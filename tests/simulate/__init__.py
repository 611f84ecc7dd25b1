"""Virtual networks: what they show, and that they show it twice."""
