"""TOML files: read, or refused with the line before they can take memory."""

import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.toml_files import InvalidTomlFile, read_toml

_KEY = ".".join("abcdefghij")


def _read(folder: Path, text: str | bytes):
    path = folder / "file.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_toml(path)


def test_file_with_byte_order_mark_and_windows_line_ends_is_read(tmp_path):
    assert _read(tmp_path, "\ufeff[a]\r\nb = 1\r\n") == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"\n\n[{_KEY}]", "line 3 has more than 8 dots outside quotes"),
        (f"a = {{ {_KEY} = 1 }}", "line 1 has more than 8 dots outside quotes"),
        (f'"x.y" . {_KEY} = 1', "line 1 has more than 8 dots outside quotes"),
        (f'a = ["""x"""", {{ {_KEY} = 1 }}]', "line 1 has more than 8 dots outside quotes"),
        (f'a = ["\\\\", {{ {_KEY} = 1 }}]', "line 1 has more than 8 dots outside quotes"),
        ("a =\n" + "[\n" * 9, "line 10 is nested more than 8 levels deep"),
        (f"a = {'{a=' * 9}1{'}' * 9}", "line 1 is nested more than 8 levels deep"),
        (f"\na = {'9' * 5000}", "a number in line 2 has more than 1,000 digits"),
        (f"a = [1, -{'9_' * 2500}9]", "a number in line 1 has more than 1,000 digits"),
        (f"a = 0x{'f' * 5000}", "a number in line 1 has more than 1,000 digits"),
        (b"a = 1\nb = '\xff'", "line 2 is not UTF-8 text"),
        ("a = 1\nb = ", "it is not valid TOML: Invalid value (at end of document)"),
        ('a = "\x1b"', "it is not valid TOML: Illegal character '\\x1b' (at line 1, column 6)"),
    ],
    ids=ascii,
)
def test_hostile_file_is_refused_with_its_line(tmp_path, text, reason):
    with pytest.raises(InvalidTomlFile) as refused:
        _read(tmp_path, text)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c.d.e.f.g.h.i = 1\n[b.b.c.d.e.f.g.h.i]\n",
        f"a = {'[' * 8}1{']' * 8}",
        f'a = 1 # {_KEY} {"[" * 20} \' """\nb = 2',
        f'a = "{_KEY} {"[" * 20} \\" # \\\\"\nb = 2',
        f"a = '{_KEY} {'[' * 20} \\'\nb = 2",
        f'a = """{_KEY}\n"" {"[" * 20} \\""" """"\nb = 2',
        f"a = '''{_KEY}\n'' {'[' * 20} '''''\nb = 2",
        f"'{_KEY}'.\"{_KEY}\" = {'9' * 18}",
        f"a{'1' * 2000} = 1",
    ],
)
def test_file_within_the_limits_is_read(tmp_path, text):
    assert _read(tmp_path, text) == tomllib.loads(text)


_TEXTS = st.text("\"\\'#.[{ \nn=a", max_size=12)
_LITERALS = st.builds(
    "{0}{1}{0}".format, st.sampled_from(['"', "'", '"""', "'''"]), _TEXTS
) | st.builds("[{}, {}] # {}".format, _TEXTS, _TEXTS, _TEXTS)


def _is_valid(literal: str) -> bool:
    try:
        tomllib.loads(f"k = {literal}")
    except tomllib.TOMLDecodeError:
        return False
    return True


@given(st.lists(_LITERALS, max_size=20))
def test_nothing_before_a_hostile_line_hides_it(literals):
    valid = filter(_is_valid, literals)
    text = "".join(f"k{at} = {literal}\n" for at, literal in enumerate(valid))
    line = text.count("\n") + 1
    with TemporaryDirectory() as folder, pytest.raises(InvalidTomlFile, match=f"line {line} has"):
        _read(Path(folder), f"{text}{_KEY} = 1\n")


_LIMITED = """
import resource, sys
from qm_tui.config.preferences import Preferences, load_preferences
from qm_tui.config.settings import load_settings
from qm_tui.errors import UserError
resource.setrlimit(resource.RLIMIT_AS, (512 * 1024**2,) * 2)
assert load_preferences() == Preferences()
try:
    load_settings()
except UserError as error:
    print(error)
"""


def test_hostile_settings_are_refused_in_little_memory(write_settings):
    for text in ("a" + ".a" * 30_000 + " = 1", "[a" + ".a" * 30_000 + "]", "a = " + "[" * 60_000):
        write_settings("preferences.toml", text)
        path = write_settings("settings.toml", text)
        done = subprocess.run(
            [sys.executable, "-c", _LIMITED], check=True, capture_output=True, text=True
        )
        assert done.stdout.startswith(f"Cannot read the settings {path}: line 1 ")
