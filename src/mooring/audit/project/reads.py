"""Whether a program reads a variable of its environment, by the names in its text."""

from __future__ import annotations

import io
import re
import tokenize

__all__ = ["reads"]

# Whoever calls one of Mooring's factories reads what the factory does.
FACTORIES = ("create_redis_from_config", "create_async_redis_from_config", "RedisSettings")
STANDARD = re.compile(r"REDIS_\w+")


def reads(text: str, name: str) -> bool:
    """Whether a Python file may read the variable `name`.

    It does where the name stands in it as written, as text or as an identifier, but not where only a comment or a
    docstring tells of it. A field of a settings class of pydantic is the name in lower case, after a prefix perhaps. A
    file that cannot be taken apart may read anything that is named in it.
    """
    if STANDARD.fullmatch(name) and any(factory in text for factory in FACTORIES):
        return True
    fields = "BaseSettings" in text
    if name not in text and not fields:
        return False
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return name in text
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    for index, token in enumerate(tokens):
        if token.type == tokenize.NAME:
            if token.string == name or (fields and _is_field(tokens, index, name, text)):
                return True
        elif token.type != tokenize.COMMENT and not _stands_alone(tokens, index) and word.search(token.string):
            return True
    return False


def _is_field(tokens: list[tokenize.TokenInfo], index: int, name: str, text: str) -> bool:
    """Whether a name is annotated, and as a field of settings would be read from the variable."""
    upper = tokens[index].string.upper()
    prefixed = "env_prefix" in text and name.endswith(f"_{upper}")
    return tokens[index + 1].string == ":" and (upper == name or prefixed)


def _stands_alone(tokens: list[tokenize.TokenInfo], index: int) -> bool:
    """Whether a token is a statement of its own: a docstring."""
    around = (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.COMMENT)
    before = tokens[index - 1].type if index else tokenize.NEWLINE
    after = tokens[index + 1].type if index + 1 < len(tokens) else tokenize.NEWLINE
    return tokens[index].type == tokenize.STRING and before in around and after in (*around, tokenize.ENDMARKER)
