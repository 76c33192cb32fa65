"""Names that tests put a stand-in for: a fix that renames what they patch leaves them patching nothing."""

from __future__ import annotations

import posixpath
from itertools import pairwise

from mooring.audit.facts import Site
from mooring.audit.project import Project

__all__ = ["patched_name"]

LIBRARIES = ("redis.", "aioredis.")


def patched_name(site: Site, func: str, project: Project) -> str:
    """The dotted name by which a test patches the constructor that a site calls as `func`; empty if none does.

    Modules are compared by their last name, so a namesake may make a fix seem riskier than it is.
    """
    root, last = func.partition(".")[0], func.rpartition(".")[2]
    folder, name = posixpath.split(site.path.removesuffix(".py"))
    module = posixpath.basename(folder) if name == "__init__" else name
    for patched in sorted(project.patched):
        parts = patched.split(".")
        of_module = any(pair == (module, root) for pair in pairwise(parts))
        of_library = patched.startswith(LIBRARIES) and last in parts
        if of_module or of_library:
            return patched
    return ""
