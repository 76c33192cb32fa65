"""Answers kept in the process, dropped when the server says that they changed."""
