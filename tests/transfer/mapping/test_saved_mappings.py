"""Mappings of columns, kept in files and found again."""

import os

import pytest

from qm_tui.errors import Refused
from qm_tui.transfer.mapping.saved_mappings import read_mapping, save_mapping, saved_mapping
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.users.fields import FIELD
from tests.transfer.chosen import read_as

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


def test_what_is_saved_is_read_again(tmp_path):
    path = save_mapping(tmp_path / "a" / "mappings", "HR export", _MAPPING, _HEADER)
    assert read_mapping(path) == _MAPPING
    assert path == tmp_path / "a" / "mappings" / "HR export.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["HR export.toml"]


def test_a_mapping_written_by_hand_is_read(tmp_path):
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


def test_a_mapping_needs_no_header(tmp_path):
    assert read_mapping(_toml(tmp_path, '\ufeff[columns]\nA = "User Name"\n')).columns == {
        "A": FIELD["user_name"]
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", r"needs a table \[columns\]"),
        ("[columns]\n", r"needs a table \[columns\]"),
        ("columns = 3\n", r"needs a table \[columns\]"),
        ('columns = "x"\n', r"needs a table \[columns\]"),
        ('[columns]\n"A" = \n', r"not TOML.*line 2"),
        (b"[columns]\nA = '\xff'\n", "not UTF-8"),
        ('[columns]\nA = "Frist Name"\n', r'"A": "Frist Name" is no field; .*"First Name"\?'),
        ('[columns]\nA = "Bemerkung"\n', r'"A": "Bemerkung" is no field\. Correct'),
        ("[columns]\nA = 1\n", r'"A" must be the name of a field'),
        ('[columns]\nA = "User Name"\nB = "user_name"\n', r'gives User Name to both "A" and "B"'),
        (
            '[column]\nA = "User Name"\n',
            r"column is unknown; there are name, header and \[columns\]",
        ),
        ('header = "A"\n[columns]\nA = "User Name"\n', "header must be a list"),
        ('name = 3\n[columns]\nA = "User Name"\n', "name must be a text"),
        ("a = " + "[" * 5000, "nested too deep|not TOML"),
        (b"#" * 2_000_000, "larger than 1 MB"),
        ('[columns]\n"\\u001b[2J" = "x"\n', "is no field"),
    ],
)
def test_what_is_no_mapping_is_refused_with_the_entry_and_what_to_do(tmp_path, text, why):
    path = _toml(tmp_path, text)
    with pytest.raises(Refused, match=why) as refused:
        read_mapping(path)
    said = str(refused.value)
    assert said.startswith(f"The mapping {path} cannot be used")
    assert said.endswith("Correct the file, or choose another mapping.")
    assert said.isprintable()


def test_what_cannot_be_read_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    for path in (tmp_path / "gone.toml", tmp_path, tmp_path / "a\0b.toml", tmp_path / "pipe.toml"):
        with pytest.raises(Refused, match="cannot be used"):
            read_mapping(path)


@pytest.mark.parametrize(
    "header",
    [
        _HEADER,
        ["VORNAME ", "phone-ip", "Phone IP", "", "bemerkung:"],
        ["Problems", "Vorname", "Phone IP", "Phone IP", "Bemerkung"],
    ],
)
def test_a_mapping_is_found_again_for_a_file_with_the_same_columns(tmp_path, header):
    pairs = {name: field for name, field in _PAIRS.items() if "column 4" not in name}
    made_for = [name for name in _HEADER if name or "" in header]
    save_mapping(tmp_path, "HR", ColumnMapping("HR", pairs), made_for)
    assert saved_mapping(tmp_path, header) == ColumnMapping("HR", pairs)


@pytest.mark.parametrize("header", [_HEADER[:-1], [*_HEADER, "Mehr"], [], ["Vorname"]])
def test_a_mapping_is_not_found_for_a_file_with_other_columns(tmp_path, header):
    save_mapping(tmp_path, "HR", _MAPPING, _HEADER)
    assert saved_mapping(tmp_path, header) is None


def test_a_file_of_rejected_records_is_read_with_the_mapping_of_its_source(tmp_path):
    mapping = ColumnMapping("HR", {"Vorname": FIELD["first_name"]})
    save_mapping(tmp_path / "kept", "HR", mapping, ["Vorname", "Nr"])
    path = tmp_path / "hr-rejected.csv"
    path.write_text("Problems,Vorname,Nr\nwrong,Anna,7\n")
    found = saved_mapping(tmp_path / "kept", ["Problems", "Vorname", "Nr"])
    records, findings = read_as(path, mapping=found)
    assert records[0].values[0] == "Anna"
    assert findings.columns.ignored == ("Nr",)


def test_of_several_mappings_for_one_header_the_one_saved_last_is_found(tmp_path):
    for at, name in enumerate(("b", "c", "a"), start=1):
        path = save_mapping(tmp_path, name, _MAPPING, _HEADER)
        os.utime(path, (at, at))
    found = saved_mapping(tmp_path, _HEADER)
    assert found is not None
    assert found.name == "a"


def test_broken_files_are_passed_over(tmp_path):
    save_mapping(tmp_path, "HR", _MAPPING, _HEADER)
    _toml(tmp_path, "[columns", "broken.toml")
    _toml(tmp_path, "no mapping", "notes.txt")
    _toml(tmp_path, 'header = ["A"]\n[columns]\nB = "User Name"\n', "misfit.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "nowhere.toml").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe.toml")
    found = saved_mapping(tmp_path, _HEADER)
    assert found is not None
    assert found.name == "HR"
    assert saved_mapping(tmp_path, ["A"]) is None


def test_without_a_folder_nothing_is_found(tmp_path):
    assert saved_mapping(tmp_path / "gone", _HEADER) is None


def test_a_mapping_of_the_same_name_takes_the_place_of_the_one_before(tmp_path):
    save_mapping(tmp_path, "HR", _MAPPING, _HEADER)
    save_mapping(tmp_path, "HR", ColumnMapping("HR", {"A": None}), ["A"])
    assert saved_mapping(tmp_path, _HEADER) is None
    assert saved_mapping(tmp_path, ["A"]) == ColumnMapping("HR", {"A": None})


@pytest.mark.parametrize(
    "name", ["../../etc/x", ".", "", "a/b", "a\0b", "x" * 500, "陳" * 90, "\x1b[2J"]
)
def test_any_name_stays_inside_the_folder(tmp_path, name):
    folder = tmp_path / "mappings"
    path = save_mapping(folder, name, ColumnMapping(name, _PAIRS), _HEADER)
    assert path.parent == folder
    assert [*folder.iterdir()] == [path]
    assert read_mapping(path).name == name


def test_names_that_make_one_name_of_a_file_are_two_mappings(tmp_path):
    first = save_mapping(tmp_path, "HR/1", _MAPPING, _HEADER)
    second = save_mapping(tmp_path, "HR-1", _MAPPING, ["A"])
    assert first != second
    assert [read_mapping(one).name for one in (first, second)] == ["HR/1", "HR-1"]


def test_a_mapping_that_cannot_be_saved_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="could not be saved"):
        save_mapping(tmp_path / "file", "HR", _MAPPING, _HEADER)
    with pytest.raises(Refused, match="is no text"):
        save_mapping(tmp_path, "\ud800", _MAPPING, _HEADER)
