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


def test_every_public_name_is_documented() -> None:
    for name in sorted(bailiwick.__all__):
        if name != "__version__":
            assert inspect.getdoc(getattr(bailiwick, name)), name
    assert os.path.exists(os.path.join(os.path.dirname(bailiwick.__file__), "py.typed"))
