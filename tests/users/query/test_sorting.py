"""Sorting of users by names, numbers and addresses."""

import locale
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.users.fields import User
from qm_tui.users.query import sorting
from qm_tui.users.query.columns import LICENSE
from qm_tui.users.query.sorting import sort_users
from qm_tui.users.query.views import SortKey
from tests.helpers import ANNA, YieldCounter, needs_package

_NAMES = ["first_name", "last_name", "user_name", "windows_login", "sip_uri"]


@pytest.fixture
def small_steps() -> Iterator[None]:
    """Make batches so small that a few users need several, with few or many values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "_CHUNK", 2)
        patch.setattr(sorting, "_RUN", 4)
        patch.setattr(sorting, "_FEW", 2)
        yield


def with_values(column: str, values: list[str]) -> list[User]:
    return [ANNA._replace(**{column: value}) for value in values]


def in_order(column: str, values: list[str], *, descending: bool = False) -> list[str]:
    """Return values sorted by a column."""
    users = with_values(column, values)
    places = sort_users(users, [SortKey(column, descending)], YieldCounter())
    assert sorted(places) == list(range(len(values)))
    return [values[place] for place in places]


_NATURAL = ["0", "1", "02", "9", "10", "0412", "1000", "9" * 20, "1" + "0" * 20, "a2", "a10", "b1"]
_ADDRESSES = (
    "2.0.0.1 ¦ 10.0.0.2 ¦ 10.0.0.10 ¦ 10.0.1.1 ¦ 192.168.1.1 ¦ ::1 ¦ "
    "2001:db8::9 ¦ 2001:DB8::10 ¦ 2001:db8:0:0:0:0:0:11 ¦ fe80::1 ¦ "
    "00-1A-2B-3C-4D-5D ¦ 00:1a:2b:3c:4d:5e ¦ 001a.2b3c.4d5f ¦ 001A2B3C4D60 ¦ "
    "fe:80:00:00:00:01 ¦ \x00� ¦ 10.0.0 ¦ 10.0.0.1\x00 ¦ 10.0.0.300 ¦ Any ¦ "
    "fe80::1%eth0 ¦ rec-2 ¦ rec-10"
)


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        (["extension", "agent_id", "user_id"], _NATURAL),
        (["additional_extensions", "private_extensions"], ["2", "2,3", "10", "10,9", "10,11"]),
        (["extension"], ["\x00", "+1", "東京", "\ud800"]),
        (["phone_ip", "secondary_phone_ip", "recording_service"], _ADDRESSES.split(" ¦ ")),
        (
            _NAMES,
            ["Anna", "bo", "Böll", "Cy", "émile", "Fay", "Łukasz", "Mona", "Øst", "Zoë", "李"],
        ),
        (["department", "location"], ["anna", "ärzte", "B", "böse", "C"]),
        (["location"], ["\x00", "\u0301", "\ud800"]),  # what no name holds
        (["is_active", "lookback_enabled"], ["0", "1"]),
    ],
)
def test_values_are_sorted_with_empty_values_last(columns, values):
    mixed = [*values, "", "", ""]
    for column in columns:
        for seed in range(3):
            random.Random(seed).shuffle(mixed)  # noqa: S311
            assert in_order(column, mixed) == [*values, "", "", ""]
            assert in_order(column, mixed, descending=True) == [*reversed(values), "", "", ""]


@pytest.mark.parametrize(
    ("column", "alike"),
    [
        ("extension", ["0412", "412", "00412"]),
        ("agent_id", ["a7", "A07", "a007"]),
        ("phone_ip", ["00:1a:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e", "001A2B3C4D5E"]),
        ("phone_ip", ["fe80::1", "FE80:0::0001"]),
        ("first_name", ["Zoë", "zoe", "ZOE"]),
        ("location", ["Øst", "ost"]),
    ],
)
@pytest.mark.parametrize("descending", [False, True])
def test_sort_is_stable(column, alike, descending):
    for values in (alike, alike[::-1]):
        assert in_order(column, values, descending=descending) == values


def test_licenses_are_sorted_from_unlimited_to_none():
    users = [
        ANNA._replace(unlimited_license=u, on_demand_license=o, computer_recording_license=c)
        for u, o, c in ("1-1", "100", "011", "01-", "001", "---")
    ]
    assert sort_users(users, [SortKey(LICENSE)], YieldCounter()) == [1, 0, 3, 2, 4, 5]
    sort = [SortKey(LICENSE, descending=True)]
    assert sort_users(users, sort, YieldCounter()) == [5, 4, 2, 3, 0, 1]


@pytest.mark.parametrize("column", ["password", "salt"])
def test_secrets_are_sorted_only_by_presence(column):
    values = ["z", "", "b", "a", "", "c"]
    assert in_order(column, values) == ["z", "b", "a", "c", "", ""]
    assert in_order(column, values, descending=True) == ["z", "b", "a", "c", "", ""]


# Against a plain sort of the same


def _pieces(value: str) -> list[tuple[int, int | str]]:
    """Return a sort key: numbers by value, before letters."""
    groups = groupby(value.lower(), str.isdigit)
    texts = [(is_number, "".join(group)) for is_number, group in groups]
    return [(0, int(text)) if is_number else (1, text) for is_number, text in texts]


_NUMBERED = st.text("0129aAb", max_size=5)
_NAMED = st.text("aAbBzZ", max_size=2)
_SORTS = st.lists(
    st.builds(SortKey, st.sampled_from(["agent_id", "last_name", "department"]), st.booleans()),
    max_size=3,
)


def _plainly(users: list[User], sort: list[SortKey]) -> list[int]:
    places = list(range(len(users)))
    for column, descending in reversed(sort):
        values = [getattr(user, column) for user in users]
        key = _pieces if column == "agent_id" else str.lower
        there = [place for place in places if values[place]]
        there.sort(key=lambda place: key(values[place]), reverse=descending)
        places = there + [place for place in places if not values[place]]
    return places


@pytest.mark.usefixtures("small_steps")
def test_order_equals_a_plain_sort():
    values = {"agent_id": _NUMBERED, "last_name": _NAMED, "department": _NAMED}
    users = st.lists(st.fixed_dictionaries(values).map(lambda values: User(**values)))

    @given(users, _SORTS)
    def check(users: list[User], sort: list[SortKey]) -> None:
        assert sort_users(users, sort, YieldCounter()) == _plainly(users, sort)

    check()


@given(st.lists(st.text(), max_size=20), st.booleans())
def test_any_values_can_be_sorted(values, descending):
    for column in ("first_name", "extension", "phone_ip", "department"):
        made = in_order(column, values, descending=descending)
        assert sorted(map(bool, made), reverse=True) == list(map(bool, made))


@given(st.lists(st.ip_addresses(v=4), min_size=2), st.lists(st.ip_addresses(v=6)))
def test_addresses_are_sorted_by_value(fours, sixes):
    made = in_order("phone_ip", list(map(str, sixes + fours)))
    assert made == list(map(str, sorted(fours) + sorted(sixes)))


# Many users


@pytest.mark.parametrize("column", ["first_name", "extension", "phone_ip", "department", LICENSE])
def test_rest_is_called_at_least_every_1000_users(column):
    count = 20_000
    users = [
        ANNA._replace(
            first_name=f"Anna{number}",
            extension=str(number * 7919 % count),
            phone_ip=f"10.0.{number // 250}.{number % 250}",
        )
        for number in range(count)
    ]
    rests = YieldCounter()
    places = sort_users(users, [SortKey(column, descending=True)], rests)
    assert rests.count >= count / 1000
    if column == "extension":
        values = [int(users[place].extension) for place in places]
        assert all(one > other for one, other in pairwise(values))


def test_few_and_many_values_are_sorted_alike():
    """If many users share a value, the values are sorted instead of the users."""
    for size, kinds in ((1, 1), (9, 3), (4999, 3), (5001, 700), (10_001, 700)):
        values = [f"{number * 31 % kinds:03}" if number % 5 else "" for number in range(size)]
        for descending in (False, True):
            there = sorted(filter(None, values), reverse=descending)
            empty = [""] * values.count("")
            assert in_order("location", values, descending=descending) == there + empty
        users = with_values("location", values)
        places = sort_users(users, [SortKey("location", descending=True)], YieldCounter())
        assert all(
            one < other or values[one] != values[other] for one, other in pairwise(places)
        )  # those who are alike stay as they were


# Locales


def test_text_ignored_by_the_locale_is_not_empty(monkeypatch):
    monkeypatch.setattr(locale, "setlocale", lambda _: "en_US.UTF-8")
    monkeypatch.setattr(locale, "strxfrm", lambda value: value.strip("-"))
    assert in_order("location", ["b", "", "-", "a"]) == ["-", "a", "b", ""]


_IN_A_LOCALE = """
import locale, sys
from qm_tui.users.fields import User
from qm_tui.users.query.sorting import sort_users
from qm_tui.users.query.views import SortKey

locale.setlocale(locale.LC_COLLATE, "")
values = sys.argv[1].split(",")
values += ["", "\\x00", "\\ud800", "\\U0001f600"]
for descending in (False, True):
    users = [User(last_name=value) for value in values]
    places = sort_users(users, [SortKey("last_name", descending)], lambda: None)
    print(*(values[place] for place in places if values[place][:1].isalpha()))
    assert not values[places[-1]]
"""


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a Swedish and a German locale."""
    folder = tmp_path_factory.mktemp("locales")
    for name in ("sv_SE", "de_DE"):
        needs_package("locales", f"/usr/share/i18n/locales/{name}")
        command = ["localedef", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")]
        made = subprocess.run(command, capture_output=True, check=False)
        if not (folder / f"{name}.UTF-8" / "LC_COLLATE").exists():
            pytest.skip(f"localedef cannot make {name}: {made.stderr.decode()[:100]}")
    return folder


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("sv_SE.UTF-8", "anna Berg zeta åsa ärla öst"),
        ("de_DE.UTF-8", "anna ärla åsa Berg öst zeta"),
        ("C.UTF-8", "anna ärla åsa Berg öst zeta"),
        ("C", "anna ärla åsa Berg öst zeta"),
        ("POSIX", "anna ärla åsa Berg öst zeta"),
    ],
)
def test_names_are_sorted_by_the_locale(locales, name, names):
    environment = {**os.environ, "LOCPATH": str(locales), "LC_ALL": name, "PYTHONUTF8": "1"}
    values = ",".join(sorted(names.split(), reverse=True))
    command = [sys.executable, "-c", _IN_A_LOCALE, values]
    done = subprocess.run(
        command, capture_output=True, check=True, env=environment, encoding="utf-8", timeout=60
    )
    backwards = " ".join(reversed(names.split()))
    assert done.stdout.splitlines() == [names, backwards]
