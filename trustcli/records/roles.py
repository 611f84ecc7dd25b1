"""What a node may be for others; a module of its own because settings know it too, at every start."""

from __future__ import annotations

FULL, LIGHT, BRIDGE = "full", "light", "bridge"
ROLES = (FULL, LIGHT, BRIDGE)
"""All records; only those of some subjects; all, and ratings of outside systems under its own name."""
