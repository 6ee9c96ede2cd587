"""Exports that LibreOffice opens and saves are imported without a change.

The other spreadsheets are modeled in `test_spreadsheet_models`.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from qm_tui.transfer.exporting.export import export_users
from qm_tui.transfer.options.export_options import Delimiter, ExportOptions
from qm_tui.transfer.planning.planner import plan_import
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.users.fields import User
from tests.helpers import EMPTY_STATE, counts, state_of, user
from tests.transfer.spreadsheet_values import SAVED

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed"),
]

_SAMPLE = Path(__file__).parents[2] / "sample_data" / "users.csv"

_OPTIONS = {
    "plain": ExportOptions(),
    "no-header": ExportOptions(header=False),
    "excel": ExportOptions(for_excel=True),
    "semicolon": ExportOptions(for_excel=True, delimiter=Delimiter.SEMICOLON),
    "guarded": ExportOptions(guard_formulas=True),
    "guarded-excel": ExportOptions(for_excel=True, guard_formulas=True, header=False),
}

_LOCALE = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{}</value></prop></item>
</oor:items>
"""

_ODD = [
    # the result of a formula such as ="0412" is the cell that is unwrapped
    *dict.fromkeys(stored for stored, _ in SAVED if not stored.startswith('="')),
    *("1'234", "'0412", "'=1", "''=1", "'t Hooft", "+47 22 12 34 56", "-", "--", "+", "-2", "=x"),
    *("1,5", "1,234,5", "5p", "3 févr", "31.12", "31/12", "12/31", "0x12", "12½", "NaN", "٠٤١٢"),
    *("#N/A", "#NAME?", "Err:520", "TRUE", "7E234", "9007199254740993", "0.00001", "１２", "E5"),
    *('="', 'a"b', "a;b", "a,b", "a|b", "x\u00a0y", "«»", "-0412", "24:00", "99:99"),
]


def _odd_users() -> list[User]:
    users = []
    for number, value in enumerate(_ODD):
        text = value.strip()
        users.append(
            user(
                f"n{number}n",
                first_name=text,
                extension=text,
                agent_id=text,
                department=text,
                user_name=text if number % 2 else f"n{number}n",
                password=value,
                salt=value,
                location=text,
                security_profile=text,
                recording_service=("10.102.101.100", "10.0.0.1", "1e5", "Any")[number % 4],
                phone_ip=("001122334455", "10.100.100.100", "12e456789012")[number % 3],
                windows_login="",
                additional_extensions=text,
                private_extensions=("0412,0413", "100,200,300", "1,5", "2184,8932")[number % 4],
            )
        )
    return users


def _sample_users() -> list[User]:
    with UsersFile(_SAMPLE) as file:
        return list(plan_import(list(file.records()), EMPTY_STATE).changes.values())


def _convert(folder: Path, to: str, files: list[Path], *options: str) -> list[Path]:
    """Open files in LibreOffice, and save them in another folder."""
    target = folder / f"{files[0].suffix[1:]}-to-{to.partition(':')[0]}"
    subprocess.run(
        [
            *("soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"),
            *(*options, "--convert-to", to, "--outdir", str(target), *map(str, files)),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return [target / f"{file.stem}.{to.partition(':')[0]}" for file in files]


def _import(path: Path, options: ExportOptions, stored: list[User]) -> None:
    state = state_of(*stored)
    with UsersFile(path, ReadOptions("utf-8", ",", header=options.header)) as file:
        plan = plan_import(list(file.records()), state)
    assert counts(plan) == (0, 0, state.total, 0), plan.issues[:5]
    if options.for_excel:
        kept = [issue for issue in plan.issues if "kept" in issue.message]
        # an .xlsx file loses the blanks around the result of a formula such as =" 12"
        secrets = [stored[issue.record - 1].password for issue in kept]
        assert [secret for secret in secrets if secret == secret.strip()] == []


@pytest.mark.parametrize("language", ["en-US", "de-DE", "fr-FR"])
@pytest.mark.parametrize("users", [_odd_users, _sample_users], ids=["odd", "sample"])
def test_export_saved_by_libreoffice_changes_nothing(tmp_path, users, language):
    profile = tmp_path / "profile/user/registrymodifications.xcu"
    profile.parent.mkdir(parents=True)
    profile.write_text(_LOCALE.format(language))
    stored = users()
    for delimiter in (",", ";"):
        chosen = {
            name: options
            for name, options in _OPTIONS.items()
            if options.effective_delimiter == delimiter
        }
        folder = tmp_path / f"with-{ord(delimiter)}"
        folder.mkdir()
        exported = [
            export_users([stored], len(stored), folder / f"{name}.csv", options=options).path
            for name, options in chosen.items()
        ]
        files = [path for path in exported if path]
        opening = f"--infilter=CSV:{ord(delimiter)},34,76,1,,0,false,true"
        saving = "csv:Text - txt - csv (StarCalc):44,34,76,1"
        saved = _convert(tmp_path, saving, files, opening)
        workbooks = _convert(tmp_path, "xlsx", files, opening)
        for paths in (saved, _convert(tmp_path, saving, workbooks)):
            for path, options in zip(paths, chosen.values(), strict=True):
                _import(path, options, stored)
