"""What docs/testing.md shows is what runs: its long blocks are the files of tests/examples."""

import pytest

from psa import ROOT

SHOWN = [
    "pytest/conftest.py",
    "pytest/test_tickets.py",
    "vitest/vitest.config.js",
    "vitest/psa.setup.js",
    "vitest/psa.js",
    "vitest/tickets.test.js",
]


@pytest.mark.parametrize("name", SHOWN)
def test_the_page_shows_the_file(name):
    page = (ROOT / "docs" / "testing.md").read_text()
    text = (ROOT / "tests" / "examples" / name).read_text().rstrip()
    assert f"\n{text}\n```" in page, f"docs/testing.md shows another {name}"
