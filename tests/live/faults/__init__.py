"""Faults on purpose, under load: what a client promises while its Redis fails."""
