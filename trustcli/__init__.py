"""Signed trust between people, servers and AI agents, without a server in the middle."""

__version__ = "0.1.0"
