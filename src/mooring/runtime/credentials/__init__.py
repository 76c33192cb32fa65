"""Passwords and certificates, and how open connections exchange them."""
