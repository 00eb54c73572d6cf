"""The pytest plugin, run in a pytest of its own."""

from __future__ import annotations

import pytest
from conftest import ROOT

pytest_plugins = ["pytester"]

CONSTRUCTION = ROOT / "policies" / "construction"


def test_suites_are_tests(pytester: pytest.Pytester) -> None:
    suites = list(CONSTRUCTION.glob("*.test.yaml"))
    cases = sum(path.read_text(encoding="utf-8").count("- name:") for path in suites)
    result = pytester.runpytest_subprocess(str(CONSTRUCTION), "-q", "-p", "no:cacheprovider")
    assert cases > 0
    result.assert_outcomes(passed=cases)


def test_a_case_that_fails_explains_itself(pytester: pytest.Pytester) -> None:
    (pytester.path / "schema.cedarschema").write_text(
        "entity User; entity Photo; action view appliesTo { principal: User, resource: Photo };"
    )
    (pytester.path / "rules.cedar").write_text('@id("none") forbid (principal, action, resource);')
    (pytester.path / "rules.test.yaml").write_text(
        "suite: photos\ncases:\n"
        '  - {name: everyone sees, principal: \'User::"ana"\', action: view, resource: \'Photo::"p"\', allow: true}\n'
    )
    result = pytester.runpytest_subprocess("rules.test.yaml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["expected allow, got deny: forbidden by none", "deny  view on Photo::*"])


def test_the_fixture_makes_engines_and_tokens(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        def test_it(bailiwick):
            engine = bailiwick.engine({str(CONSTRUCTION)!r})
            token = bailiwick.token(sub="ana", client_id="dashboards", scope="rfis:read", tenant="acme")
            session = engine.authenticate(token, tenant="acme")
            assert session.allows("rfis.view", ("Rfi", "42"))
            bailiwick.clock.advance(3600)
            assert not session.allows("rfis.view", ("Rfi", "42"))

        def test_that_fails(bailiwick):
            session = bailiwick.engine({str(CONSTRUCTION)!r}).session("ana", tenant="acme")
            decision = session.decide("rfis.view", ("Rfi", "unknown"))
            assert decision
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*decision was decided so*", "deny  rfis.view on Rfi::*", "*no tenant*"])
