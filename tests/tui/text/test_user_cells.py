"""The cells of the users table, and the legend of their letters."""

import pytest

from qm_tui.tui.text.user_cells import cell_text, legend
from qm_tui.users.fields import User
from qm_tui.users.query.columns import COLUMN, LICENSE

UNLIMITED, ON_DEMAND, COMPUTER = (
    {"unlimited_license": "1"},
    {"on_demand_license": "1"},
    {"computer_recording_license": "1"},
)


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("is_active", "1", "y"),
        ("is_active", "\x1b", "␛"),
        ("is_active", "yes", "…"),
        ("password", "x", "set"),
        ("password", "", ""),
        ("salt", "x", "set"),
        ("first_name", "a\x1b[2J", "a␛[2J"),
        ("first_name", "a\u202eb", "a‹U+202E›b"),
        ("first_name", "🇩🇪", "🄳🄴"),
        ("first_name", "x" * 4096, "x" * 239 + "…"),
    ],
    ids=ascii,
)
def test_cell_shows_sanitized_text_and_no_secrets(key, value, shown):
    assert cell_text(COLUMN[key], User(**{key: value})) == shown


@pytest.mark.parametrize(
    ("licenses", "shown"),
    [
        ({}, "–"),
        (ON_DEMAND | COMPUTER, "O C"),
        (COMPUTER, "  C"),
    ],
)
def test_license_cell_shows_all_licenses(licenses, shown):
    assert cell_text(COLUMN[LICENSE], User(**licenses)) == shown


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["first_name"], ""),
        (["is_active", "first_name", "privacy_enabled"], "A active P privacy"),
        (
            ["unlimited_license", "on_demand_license", "computer_recording_license"],
            "U unlimited O on-demand C computer",
        ),
        (
            ["is_active", LICENSE, "lookback_enabled", "dual_endpoints_enabled"],
            "A active   Lic U unlimited O on-demand C computer – none   L lookback D dual",
        ),
    ],
)
def test_legend_explains_the_letters_of_a_layout(keys, words):
    assert legend(COLUMN[key] for key in keys) == words
