"""Fixes every Python file of some folders, in memory, and prints what broke.

    python -m scripts.fix_corpus FOLDER… [--safe] [--show]

Every fix is made, the unsafe ones too. Each changed file is judged after each round: it parses and compiles, nothing
but the edited spans and orphaned imports differs, comments and newlines are those that were there, and no name is
missing or unused that was not. In the end a second run changes nothing. Exits with 1 if anything broke.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fix.rounds import Course, fix_tree


def main() -> None:
    """Print a line per folder, what broke in it, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--safe", action="store_true", help="make the safe fixes only")
    parser.add_argument("--show", action="store_true", help="print the diffs too")
    arguments = parser.parse_args()
    courses = []
    for folder in arguments.folders:
        started = time.perf_counter()
        course = fix_tree(folder, unsafe=not arguments.safe)
        courses.append(course)
        print(f"{folder.name}: {line(course)} ({time.perf_counter() - started:.1f} s)", flush=True)
        for fault in course.faults:
            print(f"   BROKEN {fault}")
        for refusal in course.refused:
            print(f"   refused {refusal}")
        if arguments.show:
            print(*(change.diff() for change in course.changes), sep="\n")
    print("left:")
    for reason, count in sum((course.left for course in courses), Counter[str]()).most_common():
        print(f"   {count:5} {reason}")
    broken = sum(len(course.faults) for course in courses)
    print(f"in all: {total(courses)}; {broken} broken")
    sys.exit(1 if broken else 0)


def line(course: Course) -> str:
    """The figures of one folder."""
    return total([course])


def total(courses: list[Course]) -> str:
    """The figures of some folders together."""
    files, findings = sum(c.files for c in courses), sum(c.findings for c in courses)
    changed, fixes = sum(len(c.changes) for c in courses), sum(c.fixes for c in courses)
    refused = sum(len(c.refused) for c in courses)
    return f"{files} files, {findings} findings; {changed} files changed by {fixes} fixes, {refused} refused"


if __name__ == "__main__":
    main()
