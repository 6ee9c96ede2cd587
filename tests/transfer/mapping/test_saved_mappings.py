"""Column mappings in files."""

import os

import pytest

from qm_tui.errors import UserError
from qm_tui.transfer.mapping.mapping_file import read_mapping
from qm_tui.transfer.mapping.saved_mappings import find_mapping, save_mapping
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.users.fields import FIELD

_HEADER = ["Vorname", "Phone IP", "Phone IP", "", "Bemerkung"]
_PAIRS = {
    "Vorname": FIELD["first_name"],
    "Phone IP": FIELD["phone_ip"],
    "Secondary Phone IP": FIELD["secondary_phone_ip"],
    "(column 4 has no name)": FIELD["salt"],
    "Bemerkung": None,
}
_MAPPING = ColumnMapping("HR export", _PAIRS)


def _toml(folder, text: str | bytes, name: str = "hr.toml"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_saved_mapping_is_read_again(tmp_path):
    path = save_mapping(tmp_path / "a" / "mappings", "HR export", _MAPPING, _HEADER)
    assert read_mapping(path) == _MAPPING
    assert path == tmp_path / "a" / "mappings" / "HR export.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["HR export.toml"]


def test_mapping_written_by_hand_is_read(tmp_path):
    path = _toml(
        tmp_path,
        'header = ["A", "B", "C", "D", "E"]  # the header\n[columns]\n"A" = "First Name"\n'
        'B = "extension"\nC = "Secondary Phone IP"\nD = "screen recording license"\nE = ""\n',
    )
    assert read_mapping(path) == ColumnMapping(
        "hr",
        {
            "A": FIELD["first_name"],
            "B": FIELD["extension"],
            "C": FIELD["secondary_phone_ip"],
            "D": FIELD["computer_recording_license"],
            "E": None,
        },
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", r"a table \[columns\] .*is required"),
        ("[columns]\n", r"a table \[columns\] .*is required"),
        ("columns = 3\n", r"columns must be a table, \[columns\]\."),
        ('[columns]\n"A" = \n', r"not valid TOML.*line 2"),
        (b"[columns]\nA = '\xff'\n", "not UTF-8"),
        ('[columns]\nA = "Frist Name"\n', r'"A": unknown field "Frist Name" .*"First Name"\?'),
        ('[columns]\nA = "Bemerkung"\n', r'"A": unknown field "Bemerkung"\. Correct'),
        ("[columns]\nA = 1\n", r'"A" must be a quoted field name'),
        ('[columns]\nA = "User Name"\nB = "user_name"\n', r'assigns both "A" and "B" to User Name'),
        (
            '[column]\nA = "User Name"\n',
            r"unknown key column; valid keys: name, header, match, \[columns\], \[values\]",
        ),
        (
            '[defaults]\nPassword = "x"\n',
            r"\[defaults\]: Password is a secret, so a mapping contains no value",
        ),
        ('[values.salt]\nx = "y"\n', "Salt Value is a secret"),
        ('[templates]\npassword = "{Code}"\n', "Password is a secret"),
        ('[defaults]\nuser_id = "x"\n', "User ID is assigned automatically"),
        ('[defaults]\nactive = "yes"\n', "Is User Active must be 0 or 1, not 'yes'"),
        ("[defaults]\nactive = 1\n", "the value of Is User Active must be a quoted text"),
        ('[defaults]\nlocaton = "x"\n', r'unknown field "locaton" \(did you mean "Location"\?\)'),
        ('[defaults]\nlocation = "a"\nLocation = "b"\n', "has two entries for Location"),
        ('[values.location]\na = "b"\nA = "c"\n', 'Location has "a" and "A", which are the same'),
        ('[values.active]\nyes = "ja"\n', "Is User Active must be 0 or 1"),
        ("[values]\nlocation = 3\n", r"\[values\]: Location must be a table"),
        ('[templates]\nuser_name = "anna"\n', "the template of User Name .*names no column"),
        (
            '[templates]\nuser_name = "{A|upper}"\n',
            "unknown modifier upper; valid modifiers: first",
        ),
        ('[templates]\nuser_name = "{A}}"\n', "a brace has no counterpart"),
        ('[templates]\nuser_name = "{}"\n', "contain no column name"),
        ('[defaults]\nuser_name = "{Name}"\n', "contains a column in braces; use a template"),
        (
            '[defaults]\nsip_uri="sip:a@x.y"\n[templates]\nsip_uri="{A}"\n',
            "SIP URI is in .defaults",
        ),
        ('match = ""\n', "match must be a quoted field name"),
        ('match = "active"\n', "Is User Active cannot identify users"),
        ('match = "password"\n', "Password cannot identify users"),
        ("match = 3\n", "match must be a quoted field name"),
        ('header = "A"\n[columns]\nA = "User Name"\n', "header must be a list"),
        ('name = 3\n[columns]\nA = "User Name"\n', "name must be a quoted text"),
        (b"#" * (512 * 1024 + 1), r"File too large \(maximum 512 KB\)"),
        ('[columns]\n"\\u001b[2J" = "x"\n', "unknown field"),
    ],
)
def test_invalid_mapping_is_refused_with_the_entry_and_the_fix(tmp_path, text, why):
    path = _toml(tmp_path, text)
    with pytest.raises(UserError, match=why) as refused:
        read_mapping(path)
    said = str(refused.value)
    assert said.startswith(f"Cannot read the mapping {path}")
    assert said.endswith("Correct the file, or use another mapping.")
    assert said.isprintable()


def test_unreadable_mapping_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    for path in (tmp_path / "gone.toml", tmp_path, tmp_path / "a\0b.toml", tmp_path / "pipe.toml"):
        with pytest.raises(UserError, match="Cannot read the mapping"):
            read_mapping(path)


@pytest.mark.parametrize(
    "header",
    [
        *(_HEADER, ["VORNAME ", "phone-ip", "Phone IP", "", "bemerkung:"]),
        ["Problems", "Vorname", "Phone IP", "Phone IP", "Bemerkung"],
    ],
)
def test_saved_mapping_is_found_for_a_file_with_the_same_columns(tmp_path, header):
    pairs = {name: field for name, field in _PAIRS.items() if "column 4" not in name}
    made_for = [name for name in _HEADER if name or "" in header]
    save_mapping(tmp_path, "HR", ColumnMapping("HR", pairs), made_for)
    assert find_mapping(tmp_path, header) == ColumnMapping("HR", pairs)


@pytest.mark.parametrize("header", [_HEADER[:-1], [*_HEADER, "Mehr"], [], ["Vorname"]])
def test_saved_mapping_is_not_found_for_a_file_with_other_columns(tmp_path, header):
    save_mapping(tmp_path, "HR", _MAPPING, _HEADER)
    assert find_mapping(tmp_path, header) is None


def test_newest_mapping_for_a_header_is_found(tmp_path):
    for at, name in enumerate(("b", "c", "a"), start=1):
        path = save_mapping(tmp_path, name, _MAPPING, _HEADER)
        os.utime(path, (at, at))
    found = find_mapping(tmp_path, _HEADER)
    assert found is not None
    assert found.name == "a"


def test_broken_files_are_skipped(tmp_path):
    save_mapping(tmp_path, "HR", _MAPPING, _HEADER)
    _toml(tmp_path, "[columns", "broken.toml")
    _toml(tmp_path, "no mapping", "notes.txt")
    _toml(tmp_path, 'header = ["A"]\n[columns]\nB = "User Name"\n', "misfit.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "nowhere.toml").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe.toml")
    found = find_mapping(tmp_path, _HEADER)
    assert found is not None
    assert found.name == "HR"
    assert find_mapping(tmp_path, ["A"]) is find_mapping(tmp_path / "gone", _HEADER) is None


def test_mapping_with_the_same_name_is_replaced(tmp_path):
    save_mapping(tmp_path, "HR", _MAPPING, _HEADER)
    save_mapping(tmp_path, "HR", ColumnMapping("HR", {"A": None}), ["A"])
    assert find_mapping(tmp_path, _HEADER) is None
    assert find_mapping(tmp_path, ["A"]) == ColumnMapping("HR", {"A": None})


@pytest.mark.parametrize(
    "name", ["../../etc/x", ".", "", "a/b", "a\0b", "x" * 500, "陳" * 90, "\x1b[2J"]
)
def test_any_name_stays_inside_the_folder(tmp_path, name):
    folder = tmp_path / "mappings"
    path = save_mapping(folder, name, ColumnMapping(name, _PAIRS), _HEADER)
    assert path.parent == folder
    assert [*folder.iterdir()] == [path]
    assert read_mapping(path).name == name


def test_names_with_the_same_file_name_are_two_mappings(tmp_path):
    first = save_mapping(tmp_path, "HR/1", _MAPPING, _HEADER)
    second = save_mapping(tmp_path, "HR-1", _MAPPING, ["A"])
    assert first != second
    assert [read_mapping(path).name for path in (first, second)] == ["HR/1", "HR-1"]


def test_failed_save_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot save the mapping"):
        save_mapping(tmp_path / "file", "HR", _MAPPING, _HEADER)
    with pytest.raises(UserError, match=r"too large \(maximum 512 KB\)"):
        save_mapping(tmp_path, "HR", ColumnMapping("HR", {"A" * 600_000: None}), [])
    with pytest.raises(UserError, match="invalid characters"):
        save_mapping(tmp_path, "\ud800", _MAPPING, _HEADER)
