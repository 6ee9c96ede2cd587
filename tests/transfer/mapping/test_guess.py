"""Suggestions for mapping the columns of another program's file."""

import pytest

from qm_tui.transfer.mapping.guess import guess_columns
from tests.helpers import HEADER

_TAKEN = ["first_name", "last_name", "extension", "department", "user_name", "password"]
_TAKEN += ["location", "is_active"]


def _guessed(header, sample_values=None) -> list[str]:
    samples = sample_values or [()] * len(header)
    return [field.key if field else "" for field in guess_columns(header, samples)]


def test_our_own_names_are_suggested():
    assert [field.number for field in guess_columns(HEADER, [()] * 26) if field] == list(
        range(1, 27)
    )


@pytest.mark.parametrize(
    "header",
    [
        "Given Name,Surname,Ext.,Dept,Login,Pwd,Site,Active",
        "Vorname,Nachname,Durchwahl,Abteilung,Benutzername,Kennwort,Standort,Aktiv",
        "Prénom,Nom,Poste,Service,Identifiant,Mot de passe,Ville,Actif",
        "Nombre,Apellidos,Extensión,Departamento,Usuario,Contraseña,Ubicación,Activo",
        "Primeiro Nome,Sobrenome,Ramal,Setor,Usuário,Senha,Localização,Ativo",
        "Nome,Cognome,Interno,Reparto,Nome utente,Password,Sede,Attivo",
        "Voornaam,Achternaam,Toestel,Afdeling,Gebruikersnaam,Wachtwoord,Locatie,Actief",
        "Förnamn,Efternamn,Anknytning,Avdelning,Användarnamn,Lösenord,Plats,Aktiv",
        "Imię,Nazwisko,Numer wewnętrzny,Dział,Nazwa użytkownika,Hasło,Lokalizacja,Aktywny",
        "PRENOM,nom,poste,service,identifiant,mot_de_passe,ville,actif",
    ],
)
def test_names_in_other_languages_are_suggested(header):
    assert _guessed(header.split(",")) == _TAKEN


def test_similar_names_are_suggested():
    header = ["Fist Name", "Last Nmae", "Extention", "Benutzernahme", "Abteillung"]
    assert _guessed(header) == ["first_name", "last_name", "extension", "user_name", "department"]


def test_most_similar_of_two_names_has_the_field():
    assert _guessed(["Usr Nam", "Usr Name"]) == ["", "user_name"]


def test_unknown_names_have_no_suggestion():
    header = ["Problems", "E-Mail", "Bemerkung", "Kostenstelle", "", "x", "Full Name"]
    assert _guessed(header) == [""] * 7


def test_single_name_column_may_be_the_whole_name():
    assert _guessed(["Name", "Login"]) == ["", "user_name"]
    assert _guessed(["Vorname", "Name"]) == ["first_name", "last_name"]


def test_field_is_suggested_once_and_our_own_name_wins():
    assert _guessed(["Telefon-IP", "x", "Telefon-IP"]) == ["phone_ip", "", "secondary_phone_ip"]
    assert _guessed(["Login", "User Name", "Account"]) == ["", "user_name", ""]
    assert _guessed(["Extension", "Extention"]) == ["extension", ""]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (["sip:anna@example.com", "SIP:0412@10.0.0.1"], "sip_uri"),
        *((["CORP\\anna", "CORP\\bo"], "windows_login"), (["10.0.0.17"], "phone_ip")),
        (["00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e"], "phone_ip"),
        *((["fe80::1", "::1"], "phone_ip"), (["Any"], "recording_service")),
        *((["10.0.0.17", "Oslo"], ""), (["anna@example.com"], ""), (["12:30"], ""), ([], "")),
    ],
)
def test_values_decide_if_the_name_is_unknown(values, key):
    assert _guessed(["Spalte 7"], [values]) == [key]


def test_names_take_precedence_over_values():
    assert _guessed(["IP", "Spalte"], [["10.0.0.1"], ["10.0.0.2"]]) == ["phone_ip", ""]


def test_header_of_thousands_of_columns_is_fast():
    assert not any(_guessed([f"Unbekannt {at}" for at in range(20_000)]))
