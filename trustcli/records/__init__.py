"""The wire format. This folder and docs/format.md are all a second implementation needs."""
