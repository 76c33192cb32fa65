"""Finds Redis faults in Python code and manifests, and mends those that can be mended."""
