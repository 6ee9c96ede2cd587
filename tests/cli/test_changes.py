"""`set`, `activate`, `inactivate`, `delete`, `rename`, `add` and `passwd`, as a program."""

import json
import subprocess

import pytest

from qm_tui.store import open_store
from qm_tui.users.passwords import LOCAL_HASH_NOTE, has_local_password
from tests.cli.test_activity import _on_terminal
from tests.cli.test_program import as_it_is, command, home, qm_tui, store
from tests.cli.test_refusals import refusal
from tests.helpers import ANNA, commit, commit_unchecked, user

__all__ = ["home", "store"]

BO = user("bo", department="Sales Nord", location="Bergen")
CY = user("cy", department="Support", is_active="0")
MANY = [user(f"n{number}", department="Support") for number in range(40)]


@pytest.fixture
def three(store):
    commit(store, ANNA, BO, CY)
    return store


def users_in(store):
    return {one.user_name: one for one in open_store(store).load().users.values()}


def streams(*arguments: object, text: str = "", status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        command(*arguments), input=text, text=True, capture_output=True, timeout=30, check=False
    )
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


# set, activate, inactivate


def test_set_changes_users_by_name_or_id(three):
    out = qm_tui("set", "ANNA", BO.user_id, "location= Oslo ", "license=on-demand", "active=yes")
    assert "Bo Bosen (bo): changed: Unlimited License 1 -> 0, On-Demand License 0 -> 1" in out
    assert out.splitlines()[-1] == "Changed 2 users (transaction 2)."
    changes = {"location": "Oslo", "unlimited_license": "0", "on_demand_license": "1"}
    assert users_in(three)["anna"] == ANNA._replace(**changes)
    assert users_in(three)["bo"] == BO._replace(**changes)
    assert users_in(three)["cy"] == CY
    qm_tui("undo", 2)
    assert users_in(three)["bo"] == BO


@pytest.mark.parametrize("written", ["ａnna", "an\u200bna", " anna\u00a0"])
def test_user_is_named_in_any_spelling(three, written):
    qm_tui("set", written, "agent-id=R1")
    assert users_in(three)["anna"].agent_id == "R1"


def test_name_of_several_users_is_ambiguous(store):
    store.parent.mkdir(parents=True)
    users = [BO, CY._replace(user_name="ｂo")]
    documents = {str(number): one._asdict() for number, one in enumerate(users, start=1)}
    store.write_text(json.dumps({"users": documents}))
    said = refusal("set", "bo", "agent-id=R1")
    assert "bo is ambiguous: it is the User Name of Bo Bosen and Cy Cysen." in said
    assert said.endswith("Nothing was changed. Use a User ID.\n")
    assert "Changed 1 user" in qm_tui("set", CY.user_id, "agent-id=R1")


def test_blank_names_no_user(store):
    commit_unchecked(store, ANNA._replace(user_name=""))
    assert "The user is empty." in refusal("set", " \u200b", "location=Rome")


def test_look_alike_user_name_is_a_warning(three):
    _, errors = streams("set", "bo", "user-name=\u0430nna", "--dry-run")
    warning = "Warning: User Name '\u0430nna' looks like 'anna' of Anna Berg."
    assert errors.startswith(warning)
    values = ("first-name=Zoe", "last-name=Z", "extension=1", "user-name=\u0430NNA", "--dry-run")
    assert streams("add", *values)[1].startswith(warning.replace("nna'", "NNA'", 1))
    assert "looks like" not in streams("set", "anna", "user-name=\u0430nna", "--dry-run")[1]


def test_set_changes_users_that_match_a_filter_and_clears_values(three):
    out = qm_tui("set", "--filter", "department:sales", "location=")
    assert "Changed 2 users" in out
    assert [one.location for one in users_in(three).values()] == ["", "", CY.location]


def test_activate_and_inactivate_can_be_repeated(three):
    assert "Changed 1 user (transaction 2)." in qm_tui("activate", "cy")
    out = qm_tui("activate", "cy", "anna")
    assert out == "Nothing to change: the value is already set for 2 users.\nNothing was changed.\n"
    qm_tui("inactivate", "anna", "bo", "cy")
    assert {one.is_active for one in users_in(three).values()} == {"0"}


def test_dry_run_reports_the_change_and_writes_nothing(three):
    before = as_it_is(three)
    out = qm_tui("set", "bo", "location=Oslo", "--dry-run")
    assert "Bo Bosen (bo): would be changed: Location Bergen -> Oslo" in out
    assert out.endswith("Would change 1 user.\nNothing was changed.\n")
    assert as_it_is(three) == before


def test_json_report_contains_no_secrets(three):
    said = json.loads(qm_tui("set", "anna", "bo", "location=Oslo", "--json"))
    assert said["users"] == [
        {"user_id": BO.user_id, "user_name": "bo", "result": "changed", "fields": ["location"]}
    ]
    assert (said["changed"], said["unchanged"], said["committed"], said["transaction"]) == (
        1,
        1,
        True,
        2,
    )
    done, _ = streams("set", "bo", "cy", "windows-login=x", "--json", status=2)
    assert done == ""


def test_set_skips_and_reports_users_with_errors(three):
    commit_unchecked(three, CY._replace(unlimited_license="0"))  # allowed by an import's choice
    assert "both assigned" in refusal("set", "bo", "on-demand-license=1")
    out, _ = streams("set", "anna", "cy", "on-demand-license=1", "--json", status=1)
    said = json.loads(out)
    assert [one["user_name"] for one in said["users"]] == ["cy"]
    assert {one["user_name"] for one in said["skipped"]} == {"anna"}
    assert "only one is allowed" not in said["skipped"][0]["fix"]


def test_mass_change_requires_confirmation(store):
    commit(store, *MANY)
    said = refusal("set", "--filter", "department:support", "location=")
    assert "--confirm 40." in said
    assert "--confirm 40." in refusal("inactivate", "--filter", "department:support")
    assert "affects 1 user, not 3" in refusal("set", "n1", "location=X", "--confirm", 3)
    out = qm_tui("set", "--filter", "department:support", "location=", "--confirm", 40)
    assert "and 20 more" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "anna"), "No values are given"),
        (("set", "location=X"), "No users are selected"),
        (("set", "anna", "location=X", "--filter", "bo"), "cannot be combined"),
        (("set", "nobody", "location=X"), "No user has the User Name or User ID nobody."),
        (("set", "ana", "location=X"), "Did you mean anna?"),
        (("set", "--filter", "zzz", "location=X"), "No users match --filter zzz."),
        (("set", "anna", "departmnt=X"), "Unknown field departmnt. Did you mean department?"),
        (("set", "anna", "rec=X"), "rec is ambiguous: recording-profile or recording-service?"),
        (("set", "anna", "active=maybe"), "Is User Active 'maybe' is not valid. Use yes or no."),
        (("set", "anna", "license=gold"), "Use unlimited, on-demand or none."),
        (("set", "anna", "license=none"), "exactly one is required"),
        (("set", "anna", "user-id=7"), "User ID is assigned automatically"),
        (("set", "anna", "password=planted"), "Run qm-tui passwd USER."),
        (("set", "anna", "salt=planted"), "Run qm-tui passwd USER."),
        (("set", "anna", "location=X", "location=Y"), "more than one value"),
        (("set", "anna", "bo", "user-name=zoe"), "User Names must be unique"),
        (("set", "anna", "user-name=BO"), "is already used by Bo Bosen"),
        (("set", "anna", "last-name="), "Last Name is required"),
        (("set", "anna", "phone-ip=10.0.0.300"), "not a valid IP or MAC address"),
        (("set", "anna", "location=a\x1b[2J"), "control character"),
        (("delete", "anna"), "--confirm 1."),
        (("delete", "anna", "bo"), "--confirm 2."),
        (("delete", "anna", "bo", "--confirm", "3"), "--confirm 2."),
        (("rename", "department", "Sale", "X"), "Did you mean 'Sales'?"),
        (("rename", "department", "Sales", "Support"), "add --merge"),
        (("rename", "department", "Sales", "Sales"), "Nothing to rename"),
        (("rename", "extension", "1", "2"), "Cannot rename values of extension."),
        (("rename", "recording-service", "Any", ""), "is required"),
        (("add", "first-name=Zoë"), "Last Name is required"),
        (("add", "zoe"), "'zoe' does not set a field"),
        (("passwd", "nobody"), "No user has"),
        (("passwd", ""), "The user is empty."),
        (("set", " ", "location=X"), "The user is empty."),
        (("rename", "", "Sales", "X"), "The field is empty."),
    ],
    ids=lambda one: " ".join(one)[:40] if isinstance(one, tuple) else "",
)
def test_invalid_change_fails_and_writes_nothing(three, arguments, said):
    before = as_it_is(three)
    sentence = refusal(*arguments)
    assert said in sentence
    assert "planted" not in sentence
    assert "\x1b" not in sentence
    assert as_it_is(three) == before


def test_mistyped_path_creates_no_store(home, store):
    for arguments in (
        ("set", "a", "location=x"),
        ("delete", "a"),
        ("passwd", "a"),
        ("add", "location=x"),
    ):
        assert "There is no store" in refusal(*arguments)
    assert not store.exists()


def test_users_without_license_require_allow_unlicensed(three):
    qm_tui("set", "anna", "license=none", "--allow-unlicensed")
    anna = users_in(three)["anna"]
    assert (anna.unlimited_license, anna.on_demand_license) == ("0", "0")
    qm_tui("undo", 2)
    assert users_in(three)["anna"] == ANNA


# delete


def test_delete_requires_confirmation_and_can_be_undone(three):
    assert "anna): deleted" in qm_tui("delete", "anna", "bo", "--confirm", 2)
    assert [*users_in(three)] == ["cy"]
    qm_tui("undo", 2)
    assert {*users_in(three)} == {"anna", "bo", "cy"}
    assert "recordings" in qm_tui("delete", "--help")


@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"\n", 130)])
def test_delete_of_one_user_is_confirmed_on_a_terminal(three, answer, status):
    done, shown = _on_terminal("delete", "anna", answer=answer)
    assert done == status
    assert "also deletes the recordings" in shown
    assert ("anna" in users_in(three)) == (status == 130)


# rename


def test_rename_changes_all_users_and_merges_values(three):
    qm_tui("rename", "department", "Sales", "Sales Nord", "--merge")
    assert users_in(three)["anna"].department == "Sales Nord"
    qm_tui("rename", "dep", "Sales Nord", "Nord")
    assert [one.department for one in users_in(three).values()] == ["Nord", "Nord", "Support"]
    qm_tui("rename", "location", "Bergen", "")
    qm_tui("rename", "location", "", "Voss")
    assert users_in(three)["bo"].location == "Voss"
    assert "Rename Location: 1 changed" in qm_tui("activity").splitlines()[0]
    assert "(empty) → 'Voss'" in qm_tui("activity", 5).splitlines()


@pytest.mark.parametrize(
    ("arguments", "warning"),
    [
        (
            ("set", "bo", "location=Olso"),
            "Location 'Olso' is not in use yet (did you mean 'Oslo'?). No action needed if "
            "Location is correct.",
        ),
        (("set", "bo", "location=Oslo"), ""),
        (("set", "bo", "location=Bergen"), ""),
        (
            ("set", "bo", "cy", "recording-profile=Full", "license=on-demand"),
            "Recording Profile Name 'Full' is not in use yet.",
        ),
        (
            ("rename", "department", "Support", "sales"),
            "Department Name 'sales' is not in use yet (did you mean 'Sales'?).",
        ),
        (("rename", "department", "Support", "Legal"), ""),
        (("rename", "department", "Support", "Sales", "--merge"), ""),
    ],
)
@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--json",)])
def test_suspicious_values_are_accepted_with_a_warning(three, arguments, warning, more):
    out, errors = streams(*arguments, *more)
    assert "Warning" not in out
    assert f"Warning: {warning}" in errors if warning else errors == ""


def test_warning_of_some_users_names_their_number(three):
    commit(three, BO._replace(unlimited_license="0", on_demand_license="1"))
    _, errors = streams("set", "bo", "cy", "recording-profile=Full")
    assert "Warning: 1 user: Recording Profile Name is set, but" in errors
    assert "Warning: Recording Profile Name 'Full' is not in use yet." in errors


# add, passwd


def test_add_reads_the_password_from_standard_input(three):
    values = ("first-name=Zoë", "last-name=Zimmer", "user-name=zoe", "extension=0042")
    out, errors = streams("add", *values, "--like", "bo", text="planted word\n")
    assert LOCAL_HASH_NOTE in errors
    zoe = users_in(three)["zoe"]
    assert out == f"Added Zoë Zimmer with User ID {zoe.user_id} (transaction 2).\n"
    assert (zoe.department, zoe.location, zoe.phone_ip) == ("Sales Nord", "Bergen", "")
    assert has_local_password(zoe)
    said = json.loads(
        streams("add", *values[:2], "user-name=z2", "extension=1", "--json", "--dry-run")[0]
    )
    assert said["user"]["is_active"] == "1"
    assert not {"password", "salt"} & said["user"].keys()
    for file in three.parent.iterdir():
        assert b"planted" not in file.read_bytes()


def test_add_warns_of_values_not_in_use_yet(three):
    values = ("first-name=Zoë", "last-name=Zimmer", "user-name=zoe", "extension=0042")
    _, errors = streams("add", *values, "department=Salse", "--dry-run")
    assert errors.startswith(
        "Warning: Department Name 'Salse' is not in use yet (did you mean 'Sales'?). "
    )
    assert streams("add", *values, "department=Sales", "--dry-run")[1] == ""


def test_passwd_reads_the_password_and_never_shows_it(three):
    out, errors = streams("passwd", "BO", text="planted word\n")
    assert out == "Changed the password of bo (transaction 2).\n"
    assert "planted" not in out + errors
    bo = users_in(three)["bo"]
    assert has_local_password(bo)
    assert bo._replace(password=BO.password, salt=BO.salt) == BO
    shown = qm_tui("activity", 2)
    assert "Password: changed" in shown
    assert bo.salt not in shown
    for text in ("", "\n", "a\tb\n"):
        assert "Nothing was changed." in streams("passwd", "bo", text=text, status=2)[1]
    out, errors = streams("export", "-")
    assert "1 user has a password set in qm-tui" in errors
    assert "bo" in errors.split("set in qm-tui")[1]
    assert "set in qm-tui" not in streams("export", "-", "--no-passwords")[1]
