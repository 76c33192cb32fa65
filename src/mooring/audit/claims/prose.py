"""What of a file is code: its text without comments, and without strings that are statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter_python
from tree_sitter import Language, Node, Parser

__all__ = ["python_code", "yaml_code"]

STRINGS = ("string", "concatenated_string")
LINE_BREAKS = b"\r\n"
YAML_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\r\n]*")


def python_code(text: str) -> str:
    """The code in Python's text, each line where it was.

    Not by Python's own parser: many a file that claims are about does not parse.
    """
    data = text.encode("utf-8", "replace")
    parts, position = [], 0
    for node in _prose(Parser(Language(tree_sitter_python.language())).parse(data).root_node):
        prose = data[node.start_byte : node.end_byte]
        parts += [data[position : node.start_byte], bytes(byte for byte in prose if byte in LINE_BREAKS)]
        position = node.end_byte
    return b"".join([*parts, data[position:]]).decode()


def yaml_code(text: str) -> str:
    """The same for YAML, also where it is a template."""
    return YAML_COMMENT.sub("", text)


def _prose(root: Node) -> Iterator[Node]:
    """The comments and docstrings of a file, in order."""
    stack = [root]
    while stack:
        node = stack.pop()
        children = node.children
        if node.type == "comment" or (
            node.type == "expression_statement" and len(children) == 1 and children[0].type in STRINGS
        ):
            yield node
        else:
            stack.extend(reversed(children))
