"""Measures the auditor against labelled code bases: a table per rule and every miss.

    python scripts/accuracy.py LABELS.jsonl CHECKOUTS [--rules MR101,MR102] [--repo NAME] [--quiet]

CHECKOUTS holds each repository of the labels, at its commit, in a folder `owner+name`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from mooring.audit.engine import Audit, audit

RULES = ("MR101", "MR102", "MR201", "MR202", "MR203", "MR204", "MR301", "MR302", "MR401", "MR402", "MR403", "MR404",
         "MR601", "MR602", "MR603", "MR604")  # fmt: skip


def main() -> None:
    """Print the tables."""
    arguments = parsed()
    labels = [json.loads(line) for line in arguments.labels.read_text().splitlines() if line.strip()]
    by_repo: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for label in labels:
        by_repo[label["repo"]].append(label)
    rules = tuple(arguments.rules.split(",")) if arguments.rules else RULES
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    sites: Counter[str] = Counter()
    for repo, rows in sorted(by_repo.items()):
        if arguments.repo and arguments.repo not in repo:
            continue
        checkout = arguments.checkouts / repo.replace("/", "+")
        found = audit([checkout], root=checkout)
        local: dict[str, Counter[str]] = defaultdict(Counter)
        misses = [*compare_rules(found, rows, rules, local), *compare_sites(found, rows, sites)]
        summary = {rule: dict(counts) for rule, counts in sorted(local.items())}
        print(f"== {repo} {summary}")
        if not arguments.quiet:
            print("\n".join(f"   {miss}" for miss in misses))
        for rule, counts in local.items():
            totals[rule].update(counts)
    report(totals, sites)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--rules")
    parser.add_argument("--repo")
    parser.add_argument("--quiet", action="store_true")
    return parser.parse_args()


def compare_rules(
    found: Audit, rows: list[dict[str, Any]], rules: tuple[str, ...], counts: dict[str, Counter[str]]
) -> list[str]:
    """Count hits, misses and false alarms per rule; tell each that is no hit."""
    reported = {(f.problem.path, f.problem.span.line, f.rule) for f in found.findings}
    expected, open_ = set(), set()
    labelled = set()
    for row in rows:
        place = (row["path"], row["line"])
        if row["confidence"] != "sure":
            open_ |= {(*place, rule) for rule in rules}
            continue
        labelled.add(place)
        expected |= {(*place, rule) for rule in row["rules"]}
        open_ |= {(*place, rule) for rule in row["arguable_rules"]}
    notes = {(row["path"], row["line"]): row["note"] for row in rows}
    told = []
    for key in sorted(expected | reported):
        path, line, rule = key
        if rule not in rules or (key in open_ and key not in expected):
            continue
        kind = "hit" if key in expected & reported else "missed" if key in expected else "false"
        counts[rule][kind] += 1
        if kind != "hit":
            told.append(f"{kind:6} {rule} {path}:{line} {notes.get((path, line), '(no label)')}")
    return told


def compare_sites(found: Audit, rows: list[dict[str, Any]], counts: Counter[str]) -> list[str]:
    """Count the sites found, and those whose provenance is right."""
    provenances: dict[tuple[str, int], set[str]] = defaultdict(set)
    for site in found.sites:
        provenances[site.path, site.call.span.line].add(site.provenance.value)
    told = []
    for row in rows:
        if row["kind"] != "site" or row["confidence"] != "sure" or row["provenance"] is None:
            continue
        wanted = row["provenance"] if isinstance(row["provenance"], list) else [row["provenance"]]
        got = provenances.get((row["path"], row["line"]))
        counts["all"] += 1
        if got is None:
            told.append(f"no site {row['path']}:{row['line']} {wanted} {row['note']}")
        else:
            counts["found"] += 1
            if got & set(wanted):
                counts["right"] += 1
            else:
                told.append(f"provenance {row['path']}:{row['line']} {sorted(got)} not {wanted}: {row['note']}")
    return told


def report(totals: dict[str, Counter[str]], sites: Counter[str]) -> None:
    """Print the totals."""
    print("\nrule    hit  missed  false  precision  recall")
    whole: Counter[str] = Counter()
    for rule, counts in sorted(totals.items()):
        whole.update(counts)
        print(line(rule, counts))
    print(line("all", whole))
    print(f"sites: {sites['found']} of {sites['all']} found, {sites['right']} with the right provenance")


def line(name: str, counts: Counter[str]) -> str:
    """One row of the table."""
    hit, missed, false = counts["hit"], counts["missed"], counts["false"]
    precision = hit / (hit + false) if hit + false else 1.0
    recall = hit / (hit + missed) if hit + missed else 1.0
    return f"{name:6} {hit:4} {missed:7} {false:6} {precision:10.3f} {recall:7.3f}"


if __name__ == "__main__":
    main()
