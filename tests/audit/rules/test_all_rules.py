"""What holds for every rule: its identity, its manual, and that the examples in the manual are true."""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mooring.audit import rules
from mooring.audit.catalogue import catalogue
from mooring.audit.edits import Safety
from mooring.audit.engine import audit
from mooring.audit.options import Options
from mooring.audit.rule import Finding, Rule

from ..mending import mend
from ..tree import Tree

EXAMPLE = re.compile(r"^(?P<heading>Bad|Good):\n\n(?P<blocks>(?:```\w+\n.*?\n```\n\n?)+)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<code>.*?\n)```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\S+\.(?:py|yaml))\n")
TITLE = re.compile(r"[A-Z`][^\n]*\.")

every_rule = pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.code)


def examples(rule: Rule) -> dict[str, dict[str, str]]:
    """The files of each example: a block is a module unless its first line names it."""
    return {match["heading"]: dict(files(match["blocks"])) for match in EXAMPLE.finditer(rule.manual)}


def files(blocks: str) -> Iterator[tuple[str, str]]:
    for block in BLOCK.finditer(blocks):
        named = NAMED.match(block["code"])
        yield named[1] if named else "module.py", block["code"]


def reported(tree: Tree, example: dict[str, str], rule: Rule) -> list[Finding]:
    return [finding for finding in tree.audit(example).findings if finding.rule == rule.code]


def test_every_module_of_rules_holds_one_rule_named_after_it() -> None:
    modules = sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(rules.__path__))
    assert sorted(rule.name for rule in catalogue()) == modules


def test_codes_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in catalogue()]
    assert codes == sorted(set(codes))


@every_rule
def test_a_code_is_a_family_and_two_digits(rule: Rule) -> None:
    assert re.fullmatch(r"MR[1-6]\d\d", rule.code)


@every_rule
def test_a_name_is_in_kebab_case(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)


@every_rule
def test_a_manual_begins_with_one_sentence(rule: Rule) -> None:
    title, blank, *_ = rule.manual.splitlines()
    assert TITLE.fullmatch(title)
    assert blank == ""
    assert ". " not in title


@every_rule
def test_a_manual_has_both_examples_then_says_how_safe_a_fix_is(rule: Rule) -> None:
    headings = re.findall(r"^(Bad|Good|Fix safety):", rule.manual, re.MULTILINE)
    assert headings == ["Bad", "Good", "Fix safety"]
    assert list(examples(rule)) == ["Bad", "Good"]


@every_rule
def test_both_examples_are_python_or_yaml(rule: Rule) -> None:
    for example in examples(rule).values():
        for path, code in example.items():
            if path.endswith(".py"):
                ast.parse(code)
            else:
                assert list(yaml.safe_load_all(code))


@every_rule
def test_the_bad_example_is_reported(rule: Rule, tree: Tree) -> None:
    assert reported(tree, examples(rule)["Bad"], rule)


@every_rule
def test_the_good_example_is_not_reported(rule: Rule, tree: Tree) -> None:
    assert not reported(tree, examples(rule)["Good"], rule)


@every_rule
def test_a_message_says_what_is_wrong_and_a_remedy_what_to_do(rule: Rule, tree: Tree) -> None:
    for finding in reported(tree, examples(rule)["Bad"], rule):
        assert finding.problem.message
        assert finding.problem.remedy
        assert not finding.problem.message.endswith(".")


# How far the fix of each rule's bad example can be trusted; the rules that are missing here have no fix.
FIXING = {
    "MR101": Safety.SAFE,
    "MR102": Safety.SAFE,
    "MR201": Safety.SAFE,
    "MR202": Safety.UNSAFE,
    "MR203": Safety.UNSAFE,
    "MR301": Safety.SAFE,
    "MR302": Safety.SAFE,
    "MR401": Safety.SAFE,
    "MR402": Safety.UNSAFE,
    "MR403": Safety.UNSAFE,
    "MR404": Safety.UNSAFE,
    "MR405": Safety.UNSAFE,
    "MR501": Safety.UNSAFE,
    "MR504": Safety.UNSAFE,
    "MR604": Safety.UNSAFE,
    "MR605": Safety.DISPLAY,
}
every_fixing_rule = pytest.mark.parametrize(
    "rule", [rule for rule in catalogue() if rule.code in FIXING], ids=lambda rule: rule.code
)
every_applied_rule = pytest.mark.parametrize(
    "rule",
    [rule for rule in catalogue() if FIXING.get(rule.code, Safety.DISPLAY) is not Safety.DISPLAY],
    ids=lambda rule: rule.code,
)


def mended(folder: Path, example: dict[str, str], *, unsafe: bool = False) -> dict[str, str]:
    """The files of an example after fixing them."""
    outcome = mend(folder, example, unsafe=unsafe)
    assert not outcome.refused
    return {**example, **{change.path: change.text for change in outcome.changes}}


@every_rule
def test_the_fix_of_a_bad_example_is_of_the_grade_that_its_rule_declares(rule: Rule, tree: Tree) -> None:
    offered = {found.problem.fix.safety for found in reported(tree, examples(rule)["Bad"], rule) if found.problem.fix}
    assert offered == ({FIXING[rule.code]} if rule.code in FIXING else set())


@every_fixing_rule
def test_a_manual_argues_the_grade_of_its_fix(rule: Rule) -> None:
    argued = rule.manual.partition("Fix safety:")[2].lower()
    assert re.search(rf"\b{FIXING[rule.code]}\b", argued) or argued.startswith(" as for mr101")


@every_applied_rule
def test_fixing_the_bad_example_gives_the_good_one_and_fixing_that_changes_nothing(rule: Rule, tmp_path: Path) -> None:
    bad, good, unsafe = examples(rule)["Bad"], examples(rule)["Good"], FIXING[rule.code] is Safety.UNSAFE
    assert mended(tmp_path, bad, unsafe=unsafe) == good
    assert mend(tmp_path, good, unsafe=unsafe).changes == ()


@every_applied_rule
def test_an_unsafe_fix_is_made_on_request_only(rule: Rule, tmp_path: Path) -> None:
    bad = examples(rule)["Bad"]
    assert (mended(tmp_path, bad) == bad) == (FIXING[rule.code] is Safety.UNSAFE)


def test_a_rule_can_be_chosen_by_its_code_or_its_family(tree: Tree) -> None:
    tree.write("import redis\nclient = redis.Redis()\n")
    chosen = audit([tree.folder], root=tree.folder, options=Options(select=("MR2",)))
    assert {finding.rule for finding in chosen.findings} == {"MR201"}
    others = audit([tree.folder], root=tree.folder, options=Options(ignore=("MR2",)))
    assert {finding.rule for finding in others.findings} == {"MR101"}
