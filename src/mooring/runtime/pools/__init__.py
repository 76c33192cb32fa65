"""Connections: made, lent, taken back, aged and counted."""
