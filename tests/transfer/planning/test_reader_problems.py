"""Problems that the reader finds, in the plan: short records, invisible characters, booleans."""

import pytest

from qm_tui.transfer.options.import_options import ImportOptions, ShortRecords
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.rejected.save import issues_text
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.issues import REDACTED
from tests.helpers import (
    ANNA,
    EMPTY_STATE,
    HEADER,
    counts,
    csv_text,
    issues_of,
    state_of,
    user,
    write_file,
)

_BO = user("bo", extension="0500")
_REJECT = ImportOptions(short_records=ShortRecords.REJECT)
_EXACT = [
    *("extension", "user_name", "phone_ip", "secondary_phone_ip", "recording_service"),
    *("sip_uri", "windows_login", "additional_extensions", "private_extensions", "is_active"),
]


def _plan(
    folder, text: str, *stored: User, options: ImportOptions | None = None, encoding: str = "utf-8"
) -> ImportPlan:
    with UsersFile(write_file(folder, text.encode(encoding))) as file:
        state = state_of(*stored) if stored else EMPTY_STATE
        return plan_import(file.read(), state, options, detail=PlanDetail.RECORDS)


# short records


@pytest.mark.parametrize("stored", [[], [ANNA]])
def test_short_record_is_imported_with_a_warning(tmp_path, stored):
    plan = _plan(tmp_path, csv_text([HEADER, ANNA[:25]]), *stored)
    assert counts(plan) == ((0, 0, 1, 0) if stored else (1, 0, 0, 0))
    assert plan.warning_count == 1
    (group,) = [group for group in plan.groups if group.reason == "Fewer values than columns"]
    assert group.fixing_option
    assert (group.severity, group.fixing_option.key) == ("warning", "short_records")


@pytest.mark.parametrize("stored", [[], [ANNA]])
def test_short_record_is_rejected_by_an_option_and_can_be_corrected(tmp_path, stored):
    plan = _plan(tmp_path, csv_text([HEADER, ANNA[:25]]), *stored, options=_REJECT)
    assert counts(plan) == (0, 0, 0, 1)
    assert [str(issue.message) for issue in plan.issues] == ["25 values for 26 columns"]
    assert plan.outcomes
    assert plan.outcomes.values == {1: [*ANNA[:25], None]}


def test_rejected_record_lists_the_missing_values_first(tmp_path):
    short = ANNA._replace(is_active="x")[:25]
    plan = _plan(tmp_path, csv_text([HEADER, short]))
    assert [(str(issue.severity), issue.field and issue.field.key) for issue in plan.issues] == [
        ("error", None),
        ("error", "is_active"),
    ]
    assert {group.reason for group in plan.groups} == {
        "Fewer values than columns (with errors)",
        "Is User Active is not 0 or 1",
    }
    assert plan.issue_count == 2
    assert plan.outcomes
    assert issues_text(plan.outcomes.issues[1]).startswith("25 values for 26 columns. Check")


def test_record_that_cannot_be_parsed_has_no_values(tmp_path):
    plan = _plan(tmp_path, csv_text([HEADER, [*ANNA, ""]]))
    assert plan.outcomes
    assert plan.outcomes.values == {1: None}


_LEAKED = "HUNTER2"
_STORED = user("cy", extension=_LEAKED)


@pytest.mark.parametrize("options", [_REJECT, ImportOptions()], ids=["reject", "warn"])
def test_problems_of_a_short_record_show_no_value(tmp_path, options):
    rows = []
    for field in FIELDS[:25]:
        changed = {"user_id": "", field.key: f'{_LEAKED}"'}
        rows += [ANNA._replace(**changed)[:25], _BO._replace(**changed)[:25]]
    for stored in ([], [_STORED]):
        plan = _plan(tmp_path, csv_text([HEADER, *rows]), *stored, options=options)
        assert plan.outcomes
        shown = [*plan.issues, *plan.groups, *(one.issues for one in plan.outcomes)]
        labels = [one.user_label for one in plan.outcomes if one.user is None]
        assert _LEAKED not in repr((shown, labels))
        concerned = [issue for issue in plan.issues if issue.field]
        assert concerned
        assert all(issue.value == REDACTED for issue in concerned)


def test_name_conflict_of_a_short_record_shows_no_name(tmp_path):
    short = ANNA._replace(user_id="", user_name=_LEAKED)[:25]
    owner = user("cy", user_name=_LEAKED)
    plan = _plan(tmp_path, csv_text([HEADER, short, short]), owner)
    assert counts(plan) == (0, 0, 0, 2)
    assert plan.outcomes
    assert _LEAKED not in repr((plan.issues, [one.issues for one in plan.outcomes]))


# invisible characters


def test_invisible_character_rejects_a_new_or_changed_exact_value(tmp_path):
    for key in _EXACT:
        changed = ANNA._replace(**{key: f"{ANNA[FIELD[key].index]}\u200bx"})
        for stored in ([], [ANNA]):
            plan = _plan(tmp_path, csv_text([HEADER, changed]), *stored)
            assert counts(plan) == (0, 0, 0, 1)
            assert issues_of(plan) == [(2, key)]
            assert "U+200B" in plan.issues[0].message


@pytest.mark.parametrize("value", ["a\u200bb", "a\x07b", "\u2003a\u200b"])
def test_stored_value_is_never_rejected_for_its_characters(tmp_path, value):
    kept = ("user_id", "unlimited_license", "on_demand_license")
    odd = {field.key: value for field in FIELDS if field.key not in kept}
    for field in odd:
        stored = ANNA._replace(**{field: value})
        plan = _plan(tmp_path, csv_text([HEADER, stored]), stored)
        assert counts(plan) == (0, 0, 1, 0)
        assert plan.issues == []
        plan = _plan(tmp_path, csv_text([HEADER, stored._replace(agent_id="A-99")]), stored)
        assert counts(plan) == (0, 1, 0, 0)
        assert plan.changes[ANNA.user_id] == stored._replace(agent_id="A-99")


def test_control_character_at_any_place_rejects_the_record(tmp_path):
    for character in "\v\f\x85\x1f\x7f\x80\x00":
        for form in ("{}kesson", "Åkesson{}", " {} Åkesson", "Å{}kesson"):
            text = csv_text([HEADER, ANNA._replace(last_name=form.format(character)), _BO])
            plan = _plan(tmp_path, text)
            assert counts(plan) == (1, 0, 0, 1)
            assert [issue.line for issue in plan.issues] == [2]


def test_invisible_character_in_a_secret_is_a_warning_without_its_value(tmp_path):
    plan = _plan(tmp_path, csv_text([HEADER, ANNA._replace(password="HUNTER\u200b2")]))
    assert issues_of(plan) == [(2, "password")]
    assert "HUNTER" not in repr(plan.issues)
    assert next(iter(plan.changes.values())).password == "HUNTER\u200b2"


# symbols instead of letters

_USUAL = (
    "Müller & Söhne ¦ O’Brien ¦ O´Brien ¦ d´Angelo ¦ São Paulo – Nord ¦ № 5 ¦ "
    "№5 ¦ 5° ¦ N°5 ¦ 20 °C ¦ © Acme ¦ ©Acme ¦ Acme® ¦ Acme™ ¦ 1º andar ¦ "
    "Mª José ¦ m² ¦ ½ Tag ¦ „Nord“ GmbH ¦ «Süd» ¦ Kap. § 3 ¦ l·l ¦ CAFÉ… ¦ "
    "JOÃO ¦ IRMÃ MARIA ¦ ÅLESUND ¦ 50 € ¦ Oslo → Bergen ¦ ʻOkina Hawaiʻi ¦ "
    "İstanbul ¦ Łódź ¦ Nguyễn Ánh ¦ Jose\u0301 ¦ Հայկ ¦ Παπαδόπουλος ¦ ΄Ελενα ¦ "
    "Іван Зеле\u0301нський ¦ 佐々木 ¦ コーヒー ¦ ㈱山田 ¦ ㈱ABC ¦ 山田★ ¦ 東京→大阪 ¦ 太陽★株式 ¦ "
    "𠮷野家 ¦ محمد علي ¦ שלום צה״ל ¦ צה”ל ¦ สมชาย ใจดี ¦ नरेन्द्र ¦ ქართული ¦ "
    "Օ՚Նիլ ¦ राम। ¦ محمد، علي ¦ בן־דוד ¦ བོད་ཡིག"
)
_ODD = (
    "M×ller ¦ M˟ller ¦ Mˤller ¦ Ren© ¦ Daví° ¦ Gu°rún ¦ Garc¡a ¦ M¼ller ¦ "
    "M•ller ¦ Fran§ais ¦ Malm¶ ¦ Mu®oz ¦ Schr”der ¦ Bj›rn ¦ J„ger ¦ Ren´e ¦ "
    "C™te ¦ Nicol€ ¦ ‰x¨x ¦ Ng῍c ¦ ΄a ¦ a΅ ¦ 営⥭部 ¦ प्⤰िया ¦ ❎ ¦ MÃ¼ller ¦ "
    "Ã–ttinger ¦ Ã…ge ¦ MUÃ‘OZ ¦ GroÃŸ ¦ Å›wit ¦ citÃ\xa0 x ¦ â€™s ¦ ÐœÐ¸ ¦ "
    "M\u20fcller ¦ M\ue0fcller ¦ \ue000 ¦ x \U000f0041 ¦ \u0a0d營 ¦ "
    "\u055awięty ¦ Nguy\u1cc5n ¦ पटे\u0832"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_symbols_instead_of_letters_are_a_warning(tmp_path, encoding):
    usual, odd = _USUAL.split(" ¦ "), _ODD.split(" ¦ ")
    users = [
        user(f"u{number}", extension=str(number), location=location)
        for number, location in enumerate([*["Oslo"] * 100, *usual, *odd])
    ]
    plan = _plan(tmp_path, csv_text([HEADER, *users]), encoding=encoding)
    assert counts(plan) == (len(users), 0, 0, 0)
    found = [issue.line for issue in plan.issues if "unusual" in issue.message]
    assert found == list(range(102 + len(usual), 102 + len(users) - 100))


def test_replacement_character_is_a_warning_of_a_lost_character(tmp_path):
    plan = _plan(tmp_path, csv_text([HEADER, ANNA._replace(last_name="M\ufffdller")]))
    assert counts(plan) == (1, 0, 0, 0)
    assert [issue.message for issue in plan.issues] == [
        "Last Name 'M\ufffdller' contains '\ufffd' instead of a lost character"
    ]


def test_stored_symbols_have_no_warning(tmp_path):
    stored = ANNA._replace(location="M×ller")
    plan = _plan(tmp_path, csv_text([HEADER, stored]), stored)
    assert counts(plan) == (0, 0, 1, 0)
    assert plan.issues == []


@pytest.mark.parametrize(
    ("location", "is_suspicious"),
    [
        *(("Müller", False), ("Tromsø – “x”", False), ("L’Haÿ-les-Roses", False), ("Ærø", False)),
        *(("Café · Bar", False), ("3. OG, 1º", False), ("São Paulo", False), ("ÅLESUND", False)),
        *(("C¼ller", True), ("MÃ<ller", True), ("MÃ9ller", True), ("Tromºx", True)),
        *(("Zür¡ch", True), ("M€nchen", True), ("Malm¶", True), ("Fran§ais", True)),
        *(("Br–lé", True), ("Oslo–Bergen", False)),
    ],
)
def test_symbols_in_detected_windows_1252_are_a_warning(tmp_path, location, is_suspicious):
    rows = [HEADER, _BO._replace(location="Málaga"), ANNA._replace(location=location)]
    plan = _plan(tmp_path, csv_text([*rows, user("cy", extension="1")]), encoding="cp1252")
    assert counts(plan) == (3, 0, 0, 0)
    found = [issue for issue in plan.issues if "unusual" in issue.message]
    assert [issue.line for issue in found] == [3] * is_suspicious


def test_symbols_in_secrets_are_no_warning(tmp_path):
    rows = [HEADER, ANNA._replace(password="p¼w", location="Málaga")]
    assert _plan(tmp_path, csv_text(rows), encoding="cp1252").issues == []


# booleans


@pytest.mark.parametrize("count", [1, 300])
def test_boolean_words_are_converted_in_all_flags(tmp_path, count):
    words = {"1": "TRUE true Yes 1.0 WAHR ja VRAI Oui", "0": "FALSE no 0.0 Falsch NEIN faux non"}
    for flag, written in words.items():
        for word in written.split():
            changed = {field.key: word for field in FIELDS if field.kind.name == "FLAG"}
            changed |= {"unlimited_license": flag, "on_demand_license": "10"[int(flag)]}
            users = [user(f"u{number}", extension=str(number)) for number in range(count)]
            text = csv_text([HEADER, *[one._replace(**changed) for one in users]])
            plan = _plan(tmp_path, text, options=ImportOptions(read_booleans=True))
            assert counts(plan) == (count, 0, 0, 0)
            assert {one.lookback_enabled for one in plan.changes.values()} == {flag}
            assert counts(_plan(tmp_path, text)) == (0, 0, 0, count)


def test_other_words_in_flags_are_rejected_and_no_option_is_offered(tmp_path):
    text = csv_text([HEADER, ANNA._replace(is_active="maybe"), _BO._replace(is_active="TRUE")])
    plan = _plan(tmp_path, text)
    fixes = {group.first: group.fixing_option for group in plan.groups}
    assert fixes[1] is None
    assert fixes[2]
    assert fixes[2].key == "read_booleans"
    plan = _plan(tmp_path, text, options=ImportOptions(read_booleans=True))
    assert counts(plan) == (1, 0, 0, 1)
