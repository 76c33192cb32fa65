"""What redis-py's clients take, as data: the auditor never imports what it audits.

Taken from redis-py 5.0 to 8.1; a test compares it with the version that is installed.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["ENDPOINT", "KEYWORDS", "POSITIONAL", "RENAMED", "URL_OPTIONS", "text_of_option"]

# What decides where a client connects.
ENDPOINT = frozenset({"url", "host", "port", "unix_socket_path"})
# The positional arguments whose order all versions share.
POSITIONAL = ("host", "port", "db", "password", "socket_timeout", "socket_connect_timeout")
# Arguments that older versions called otherwise.
RENAMED = {"charset": "encoding", "errors": "encoding_errors"}
KEYWORDS = ENDPOINT | {
    "auto_close_connection_pool", "cache", "cache_config", "client_name", "connection_pool", "credential_provider",
    "db", "decode_responses", "driver_info", "encoding", "encoding_errors", "event_dispatcher", "health_check_interval",
    "legacy_responses", "lib_name", "lib_version", "maint_notifications_config", "max_connections",
    "oss_cluster_maint_notifications_handler", "password", "protocol", "redis_connect_func", "retry", "retry_on_error",
    "retry_on_timeout", "single_connection_client", "socket_connect_timeout", "socket_keepalive",
    "socket_keepalive_options", "socket_read_size", "socket_timeout", "ssl", "ssl_ca_certs", "ssl_ca_data",
    "ssl_ca_path", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_ciphers", "ssl_exclude_verify_flags",
    "ssl_include_verify_flags", "ssl_keyfile", "ssl_min_version", "ssl_ocsp_context", "ssl_ocsp_expected_cert",
    "ssl_password", "ssl_validate_ocsp", "ssl_validate_ocsp_stapled", "username",
}  # fmt: skip

FALSE_TEXTS = frozenset({"0", "F", "FALSE", "N", "NO"})


def _truth(text: str) -> bool:
    return text.upper() not in FALSE_TEXTS


# The options of a URL that redis-py reads as something other than text. It has no reader for `decode_responses`, so
# that any text there, "false" too, switches decoding on.
URL_OPTIONS: dict[str, Callable[[str], object]] = {
    "db": int,
    "decode_responses": bool,
    "health_check_interval": int,
    "legacy_responses": _truth,
    "max_connections": int,
    "protocol": int,
    "retry_on_timeout": _truth,
    "socket_connect_timeout": float,
    "socket_keepalive": _truth,
    "socket_read_size": int,
    "socket_timeout": float,
    "ssl_check_hostname": _truth,
    "ssl_min_version": int,
}
# Options whose text redis-py turns into objects that a literal cannot name.
UNTOLD_OPTIONS = frozenset({"retry_on_error", "ssl_include_verify_flags", "ssl_exclude_verify_flags"})


def text_of_option(name: str, text: str) -> str | None:
    """The value, as Python code, of the argument that a URL option means; None where it means none."""
    if name not in KEYWORDS or name in ENDPOINT or name in UNTOLD_OPTIONS:
        return None
    try:
        value = URL_OPTIONS.get(name, str)(text)
    except ValueError:
        return None
    return literal(value) if isinstance(value, str) else repr(value)


def literal(text: str) -> str:
    """`text` as a string literal in double quotes."""
    escaped = repr(text)[1:-1].replace("\\'", "'").replace('"', '\\"')
    return f'"{escaped}"'
