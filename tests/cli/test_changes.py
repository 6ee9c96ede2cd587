"""`set`, `activate`, `inactivate`, `delete`, `rename`, `add` and `passwd`."""

import json
from itertools import chain

import pytest

from qm_tui.cli.shared.selection import selector_from_options
from qm_tui.store import open_store
from qm_tui.store.memory.state import MemoryState
from qm_tui.users.passwords import LOCAL_HASH_NOTE, has_local_password
from tests.cli.terminal import on_terminal
from tests.helpers import ANNA, commit, commit_unchecked, files_of, user, users_of
from tests.program import output, refusal, run

BO = user("bo", department="Sales Nord", location="Bergen")
CY = user("cy", department="Support", is_active="0")
MANY = [user(f"n{number}", department="Support") for number in range(40)]
ZOE = ("first-name=Zoë", "last-name=Zimmer", "user-name=zoe", "extension=0042")


@pytest.fixture
def three(store):
    commit(store, ANNA, BO, CY)
    return store


def users_in(store):
    return {one.user_name: one for one in users_of(open_store(store).load()).values()}


# set, activate, inactivate


def test_set_changes_users_by_name_or_id_and_can_be_undone(three):
    out = output("set", "ANNA", BO.user_id, "location= Oslo ", "license=on-demand", "active=yes")
    assert "Bo Bosen (bo): changed: Unlimited License 1 -> 0, On-Demand License 0 -> 1" in out
    assert out.splitlines()[-1] == "Changed 2 users (transaction 2)."
    changes = {"location": "Oslo", "unlimited_license": "0", "on_demand_license": "1"}
    assert users_in(three) == {
        "anna": ANNA._replace(**changes),
        "bo": BO._replace(**changes),
        "cy": CY,
    }
    output("undo", 2)
    assert users_in(three)["bo"] == BO


def test_user_is_named_in_any_spelling_unless_ambiguous(store):
    twins = [BO, CY._replace(user_name="ｂo"), ANNA, user("di", user_name="", user_id="anna")]
    documents = {str(number): one._asdict() for number, one in enumerate(twins, start=1)}
    store.parent.mkdir(parents=True)
    store.write_text(json.dumps({"users": documents}))
    said = refusal("set", "bo", "agent-id=R1")
    assert "bo is ambiguous: it is the User Name of Bo Bosen and Cy Cysen." in said
    assert said.endswith("Nothing was changed. Use a User ID.\n")
    assert "the User ID of Di Disen and the User Name of Anna Berg" in refusal("passwd", "anna")
    assert "The user is empty." in refusal("set", " \u200b", "location=Rome")
    assert "Changed 1 user" in output("set", CY.user_id, "agent-id=R1")
    for number, written in enumerate(("ａnna", "an\u200bna", " anna\u00a0")):
        output("set", written, f"agent-id=R{number}")
        assert users_in(store)["anna"].agent_id == f"R{number}"


def test_set_changes_users_that_match_a_filter_and_clears_values(three):
    out = output("set", "--filter", "department:sales", "location=")
    assert "Changed 2 users" in out
    assert [one.location for one in users_in(three).values()] == ["", "", CY.location]


def test_filter_selects_the_users_that_match_when_it_is_evaluated(three):
    select = selector_from_options(open_store(three).load(), (), "department:sales")
    later = commit(three, CY._replace(department="Sales"))
    assert [*chain.from_iterable(select(later))] == [ANNA.user_id, BO.user_id]


def test_store_is_asked_for_many_users_at_once(store, monkeypatch):
    commit(store, *MANY)
    asked: list[int] = []
    answer = MemoryState.users

    def users(state, user_ids):
        asked.append(len(user_ids))
        return answer(state, user_ids)

    monkeypatch.setattr(MemoryState, "users", users)
    named = [user.user_name for user in MANY]
    out = output("set", *named, *named, "agent-id=B-9")
    assert "Changed 40 users (transaction 2)." in out
    output("activity", 1)
    assert 0 < len(asked) < 10


def test_activate_and_inactivate_can_be_repeated(three):
    assert "Changed 1 user (transaction 2)." in output("activate", "cy")
    out = output("activate", "cy", "anna")
    assert out == "Nothing to change: the value is already set for 2 users.\nNothing was changed.\n"
    output("inactivate", "anna", "bo", "cy")
    assert {one.is_active for one in users_in(three).values()} == {"0"}


def test_dry_run_reports_the_change_and_writes_nothing(three):
    before = files_of(three)
    change = ("set", "anna", "bo", "location=Oslo")
    out = output(*change, "--dry-run")
    assert "Bo Bosen (bo): would be changed: Location Bergen -> Oslo" in out
    assert out.endswith("Would change 1 user, 1 unchanged.\nNothing was changed.\n")
    would = json.loads(output(*change, "--dry-run", "--json"))
    assert files_of(three) == before
    done = json.loads(output(*change, "--json"))
    assert done["users"] == [
        {"user_id": BO.user_id, "user_name": "bo", "result": "changed", "fields": ["location"]}
    ]
    counts = [done[key] for key in ("changed", "unchanged", "committed", "transaction")]
    assert counts == [1, 1, True, 2]
    assert {**done, "committed": False, "transaction": None} == would


def test_set_skips_and_reports_users_with_errors(three):
    commit_unchecked(three, CY._replace(unlimited_license="0"))  # allowed by an import's choice
    assert "both assigned" in refusal("set", "bo", "on-demand-license=1")
    found = json.loads(output("set", "anna", "cy", "on-demand-license=1", "--json", code=1))
    assert [one["user_name"] for one in found["users"]] == ["cy"]
    assert {one["user_name"] for one in found["skipped"]} == {"anna"}
    assert "only one is allowed" not in found["skipped"][0]["fix"]


def test_mass_change_requires_confirmation(store):
    commit(store, *MANY)
    selected = ("--filter", "department:support")
    assert "--confirm 40." in refusal("set", *selected, "location=")
    assert "--confirm 40." in refusal("inactivate", *selected)
    assert "affects 1 user, not 3" in refusal("set", "n1", "location=X", "--confirm", 3)
    assert "and 20 more" in output("set", *selected, "location=", "--confirm", 40)


def test_invalid_change_fails_and_writes_nothing(three):
    before = files_of(three)
    for arguments, said in {
        ("set", "anna"): "No values are given",
        ("set", "location=X"): "No users are selected",
        ("set", "anna", "location=X", "--filter", "bo"): "cannot be combined",
        ("set", "ana", "location=X"): "Did you mean anna?",
        ("set", "nobody", "location=X"): "No user has the User Name or User ID nobody.",
        ("set", "--filter", "zzz", "location=X"): "No users match --filter zzz.",
        ("set", "anna", "departmnt=X"): "Unknown field departmnt. Did you mean department?",
        ("set", "anna", "rec=X"): "rec is ambiguous: recording-profile or recording-service?",
        ("set", "anna", "active=maybe"): "Is User Active 'maybe' is not valid. Use yes or no.",
        ("set", "anna", "license=gold"): "Use unlimited, on-demand or none.",
        ("set", "anna", "license=none"): "exactly one is required",
        ("set", "anna", "user-id=7"): "User ID is assigned automatically",
        ("set", "anna", "password=planted"): "Run qm-tui passwd USER.",
        ("set", "anna", "location=X", "location=Y"): "more than one value",
        ("set", "anna", "bo", "user-name=zoe"): "User Names must be unique",
        ("set", "anna", "user-name=BO"): "is already used by Bo Bosen",
        ("set", "anna", "last-name="): "Last Name is required",
        ("set", "anna", "location=a\x1b[2J"): "control character",
        ("delete", "anna"): "--confirm 1.",
        ("delete", "anna", "bo", "--confirm", "3"): "--confirm 2.",
        ("rename", "department", "Sale", "X"): "Did you mean 'Sales'?",
        ("rename", "department", "Sales", "Support"): "add --merge",
        ("rename", "department", "Sales", "Sales"): "Nothing to rename",
        ("rename", "extension", "1", "2"): "Cannot rename values of extension.",
        ("rename", "recording-service", "Any", ""): "is required",
        ("rename", "", "Sales", "X"): "The field is empty.",
        ("add", "first-name=Zoë"): "Last Name is required",
        ("add", "zoe"): "'zoe' does not set a field",
        ("passwd", ""): "The user is empty.",
    }.items():
        sentence = refusal(*arguments)
        assert said in sentence
        assert "planted" not in sentence
    assert files_of(three) == before


def test_users_without_license_require_allow_unlicensed(three):
    output("set", "anna", "license=none", "--allow-unlicensed")
    anna = users_in(three)["anna"]
    assert (anna.unlimited_license, anna.on_demand_license) == ("0", "0")


# delete


def test_delete_requires_confirmation_and_can_be_undone(three):
    assert "anna): deleted" in output("delete", "anna", "bo", "--confirm", 2)
    assert [*users_in(three)] == ["cy"]
    output("undo", 2)
    assert {*users_in(three)} == {"anna", "bo", "cy"}
    assert "recordings" in output("delete", "--help")


def test_delete_of_one_user_is_confirmed_on_a_terminal(three):
    for answer, code in (("\n", 130), ("y\n", 0)):
        done, shown = on_terminal("delete", "anna", answer=answer)
        assert done == code
        assert "also deletes the recordings" in shown
        assert ("anna" in users_in(three)) == (code == 130)


# rename


def test_rename_changes_all_users_and_merges_values(three):
    output("rename", "department", "Sales", "Sales Nord", "--merge")
    assert users_in(three)["anna"].department == "Sales Nord"
    output("rename", "dep", "Sales Nord", "Nord")
    assert [one.department for one in users_in(three).values()] == ["Nord", "Nord", "Support"]
    output("rename", "location", "Bergen", "")
    output("rename", "location", "", "Voss")
    assert users_in(three)["bo"].location == "Voss"
    assert "Rename Location: 1 changed" in output("activity").splitlines()[0]
    assert "(empty) → 'Voss'" in output("activity", 5).splitlines()


def test_suspicious_values_are_accepted_with_a_warning(three):
    commit(three, BO._replace(unlimited_license="0", on_demand_license="1"))
    not_in_use = "Department Name 'sales' is not in use yet (did you mean 'Sales'?)."
    looks_like = "User Name '\u0430nna' looks like 'anna' of Anna Berg."
    for arguments, warning in {
        ("set", "bo", "department=sales"): not_in_use,
        ("set", "bo", "location=Oslo"): "",
        ("rename", "department", "Support", "sales"): not_in_use,
        ("rename", "department", "Support", "Legal"): "",
        ("rename", "department", "Support", "Sales", "--merge"): "",
        ("set", "bo", "cy", "recording-profile=Full"): "1 user: Recording Profile Name is set, but",
        ("set", "bo", "user-name=\u0430nna"): looks_like,
        ("add", *ZOE[:2], "user-name=\u0430nna", "extension=1"): looks_like,
        ("add", *ZOE, "department=sales"): not_in_use,
        ("add", *ZOE, "department=Sales"): "",
    }.items():
        for more in ((), ("--json",)):
            done = run(*arguments, "--dry-run", *more)
            assert (done.code, "Warning" in done.out) == (0, False)
            assert (f"Warning: {warning}" in done.err) if warning else not done.err
    assert "looks like" not in run("set", "anna", "user-name=\u0430nna", "--dry-run").err
    done = run("set", "bo", "location=Olso", "--json")
    assert (done.code, done.err.count("Warning: ")) == (0, 1)


# add, passwd


def test_add_reads_the_password_from_standard_input(three):
    done = run("add", *ZOE, "--like", "bo", input="planted word\n")
    assert LOCAL_HASH_NOTE in done.err
    zoe = users_in(three)["zoe"]
    assert done.out == f"Added Zoë Zimmer with User ID {zoe.user_id} (transaction 2).\n"
    assert (zoe.department, zoe.location, zoe.phone_ip) == ("Sales Nord", "Bergen", "")
    assert has_local_password(zoe)
    other = (*ZOE[:2], "user-name=z2", "extension=1")
    found = json.loads(run("add", *other, "--json", "--dry-run").out)
    assert found["user"]["is_active"] == "1"
    assert not {"password", "salt"} & found["user"].keys()
    for file in three.parent.iterdir():
        assert b"planted" not in file.read_bytes()


def test_passwd_reads_the_password_and_never_shows_it(three):
    done = run("passwd", "BO", input="planted word\n")
    assert done.out == "Changed the password of bo (transaction 2).\n"
    assert "planted" not in done.out + done.err
    bo = users_in(three)["bo"]
    assert has_local_password(bo)
    assert bo._replace(password=BO.password, salt=BO.salt) == BO
    shown = output("activity", 2)
    assert "Password: changed" in shown
    assert bo.salt not in shown
    for text in ("", "\n", "a\tb\n"):
        refused = run("passwd", "bo", input=text)
        assert refused.code == 2
        assert "Nothing was changed." in refused.err
    errors = run("export", "-").err
    assert "1 user has a password set in qm-tui" in errors
    assert "bo" in errors.split("set in qm-tui")[1]
    assert "set in qm-tui" not in run("export", "-", "--no-passwords").err
