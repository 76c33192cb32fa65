"""Whether a changed file is at least as good a Python file, or manifest, as it was."""

from __future__ import annotations

import warnings
from dataclasses import replace

from mooring.audit.edits.syntax import Syntax, parse
from mooring.audit.files import SourceFile, Undecodable, decode
from mooring.audit.manifests.tree import Broken, documents

__all__ = ["fault"]

YAML = (".yaml", ".yml")


def fault(before: SourceFile, text: str) -> str | None:
    """Why `text` must not take the place of `before`; None where it parses, compiles, encodes and lacks no new name."""
    after = replace(before, text=text)
    told = _manifest_fault if before.path.endswith(YAML) else _code_fault
    return _encoding_fault(after) or told(before, after)


def _encoding_fault(after: SourceFile) -> str | None:
    try:
        same = decode(after.encode(after.text)) == (after.text, after.encoding, after.bom)
    except (UnicodeEncodeError, Undecodable):
        same = False
    return None if same else f"the result cannot be written as {after.encoding}"


def _manifest_fault(before: SourceFile, after: SourceFile) -> str | None:
    try:
        old, new = len(documents(before.text)), len(documents(after.text))
    except Broken as error:
        return f"the result is {error.reason}"
    return None if new == old else "the result has other documents"


def _code_fault(before: SourceFile, after: SourceFile) -> str | None:
    new, old = parse(after), parse(before)
    if new is None:
        return "the result does not parse"
    if old is None:
        return "the file does not parse"
    error = _compile_error(new)
    if error is not None:
        # What did not compile before either (`await` outside a function, say) is not the fix's doing.
        return None if _compile_error(old) is not None else f"the result does not compile: {error}"
    if _compile_error(old) is None:
        missing = new.undefined_names - old.undefined_names
        if missing:
            return f"the result uses {', '.join(sorted(missing))}, which nothing defines"
    return None


def _compile_error(syntax: Syntax) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(syntax.tree, syntax.source.path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return str(error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or "nested too deeply"
    return None
