"""Mooring inside other people's frameworks; each module needs only the framework that it is named after."""
