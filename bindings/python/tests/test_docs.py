"""The examples in the docstrings, run."""

from __future__ import annotations

import doctest
import inspect
import os
from types import ModuleType
from typing import Any

import pytest
from conftest import ROOT

import bailiwick
from bailiwick import _bailiwick, adapters, cedar, explanation, reason


def namespace() -> dict[str, object]:
    engine = bailiwick.Engine(ROOT / "policies" / "construction")
    names = {name: getattr(bailiwick, name) for name in bailiwick.__all__}
    return names | {"engine": engine, "session": engine.session("ana", tenant="acme")}


@pytest.mark.parametrize("module", [bailiwick, _bailiwick, adapters, cedar, explanation, reason], ids=lambda m: m.__name__)
def test_examples(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    objects: list[Any] = [module, *(it for _, it in inspect.getmembers(module, inspect.isclass))]
    objects += [it for _, it in inspect.getmembers(module, inspect.isfunction) if it.__module__ == module.__name__]
    for described in objects:
        for test in finder.find(described, described.__name__, module=False, globs=vars(module) | namespace()):
            runner.run(test)
    results = runner.summarize(verbose=False)
    assert results.attempted > 0 and results.failed == 0


@pytest.mark.parametrize("readme", ["README.md", "bindings/python/README.md"])
def test_readmes(readme: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands first in a README can be copied and run."""
    monkeypatch.chdir(ROOT)
    example = (ROOT / readme).read_text().split("```python\n")[1].split("```")[0]
    exec(compile(example, readme, "exec"), {})
    printed = capsys.readouterr().out
    # The root's README says what is printed.
    said = [line.split("# ")[1] for line in example.splitlines() if readme == "README.md" and "print(" in line]
    assert printed and (not said or said == printed.splitlines())


def test_every_public_name_is_documented() -> None:
    for name in sorted(bailiwick.__all__):
        if name != "__version__":
            assert inspect.getdoc(getattr(bailiwick, name)), name
    assert os.path.exists(os.path.join(os.path.dirname(bailiwick.__file__), "py.typed"))
