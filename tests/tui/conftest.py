"""Fixtures of the tests of the terminal UI."""

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from qm_tui.tui.terminal import output_filter

# newer syrupy does not read the extension under the plugin's name
SVGImageExtension.file_extension = "svg"


@pytest.fixture(autouse=True)
def _no_control_characters_are_drawn(monkeypatch):
    """All text that is drawn was sanitized before it was given to a widget."""
    came, whole = [], output_filter.replace_control_characters

    def mended(text):
        came.append(text)
        return whole(text)

    monkeypatch.setattr(output_filter, "replace_control_characters", mended)
    yield
    assert not [text for text in came if not text.replace("\u3000", "").isprintable()]


_PARSED: dict[object, list[RuleSet]] = {}


@pytest.fixture(autouse=True)
def _style_sheets_are_parsed_once(monkeypatch):
    """Style sheets are parsed once for all tests; parsing them took a sixth of the time."""
    parse_rules = Stylesheet._parse_rules

    def parsed(sheet, *text, **read_as):
        key = (text, *read_as.items(), *sheet._variables.items())
        if key not in _PARSED:
            _PARSED[key] = parse_rules(sheet, *text, **read_as)
        return _PARSED[key]

    monkeypatch.setattr(Stylesheet, "_parse_rules", parsed)
