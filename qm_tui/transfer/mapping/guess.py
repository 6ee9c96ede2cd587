"""Which field a column of another program's file may hold: guesses, for the admin to confirm.

First what the names say, then the names that other programs and languages have for our fields,
then names that are near to these, then what the values look like. A field is guessed once.
"""

import re
from collections.abc import Sequence
from typing import Final

from qm_tui.transfer.reading.columns import field_named, is_problems_column
from qm_tui.transfer.reading.samples import folded
from qm_tui.users.fields import FIELD, FIELDS, Field

_FOREIGN_NAMES: Final = {
    "first_name": "first, given name, forename, vorname, rufname, prénom, nombre, nombres, nome, "
    "primeiro nome, nome próprio, voornaam, förnamn, tilltalsnamn, imię, fornavn, etunimi",
    "last_name": "last, surname, family name, nachname, familienname, zuname, nom, nom de famille, "
    "apellido, apellidos, sobrenome, apelido, cognome, achternaam, efternamn, nazwisko, etternavn, "
    "sukunimi",
    "extension": "ext, ext no, extension number, phone extension, nebenstelle, durchwahl, "
    "nebenstellennummer, poste, numéro de poste, extensión, anexo, interno, ramal, extensão, "
    "toestel, toestelnummer, anknytning, anknytningsnummer, numer wewnętrzny, wewnętrzny",
    "agent_id": "agent, agent number, agent no, employee id, employee number, personalnummer, "
    "mitarbeiternummer, matricule, id agent, agente, id agente, matrícula, matricola, "
    "personeelsnummer, anställningsnummer, numer agenta",
    "department": "dept, abteilung, team, group, gruppe, département, service, departamento, "
    "setor, reparto, dipartimento, ufficio, afdeling, avdelning, dział, wydział",
    "user_name": "login, login name, user login, account, account name, benutzername, benutzer, "
    "anmeldename, kennung, benutzerkennung, nom d'utilisateur, utilisateur, identifiant, usuario, "
    "nombre de usuario, usuário, nome de usuário, nome de utilizador, nome utente, utente, "
    "gebruikersnaam, gebruiker, användarnamn, användare, nazwa użytkownika, użytkownik, "
    "samaccountname",
    "password": "pass, pwd, encrypted password, password hash, kennwort, passwort, mot de passe, "
    "contraseña, clave, senha, palavra-passe, wachtwoord, lösenord, hasło",
    "security_profile": "role, security, security role, rolle, sicherheitsprofil, rechteprofil, "
    "profil de sécurité, perfil de seguridad, perfil de segurança, profilo di sicurezza, "
    "beveiligingsprofiel, säkerhetsprofil, profil zabezpieczeń",
    "recording_profile": "recording, aufzeichnungsprofil, aufnahmeprofil, "
    "profil d'enregistrement, perfil de grabación, perfil de gravação, profilo di registrazione, "
    "opnameprofiel, inspelningsprofil, profil nagrywania",
    "phone_ip": "ip, ip address, ip phone, mac, mac address, ip-adresse, telefon-ip, adresse ip, "
    "dirección ip, endereço ip, indirizzo ip, ip-adres, ip-adress, adres ip",
    "is_active": "active, enabled, status, aktiv, actif, activo, ativo, attivo, actief, aktywny",
    "recording_service": "recording server, recorder, recording service, recording service ip, "
    "aufzeichnungsserver, aufnahmeserver, serveur d'enregistrement, servidor de grabación, "
    "servidor de gravação, server di registrazione, opnameserver, inspelningsserver, "
    "serwer nagrywania",
    "unlimited_license": "unlimited, unlimited licence, unbegrenzte lizenz, licence illimitée, "
    "licencia ilimitada, licença ilimitada, licenza illimitata, onbeperkte licentie, "
    "obegränsad licens, licencja nieograniczona",
    "on_demand_license": "on demand, on demand licence, lizenz auf abruf, licence à la demande, "
    "licencia bajo demanda, licença sob demanda, licenza on demand, licentie op aanvraag",
    "computer_recording_license": "computer recording, screen recording, screen license, "
    "bildschirmaufzeichnung",
    "windows_login": "windows user, windows account, domain login, domain user, domain account, "
    "nt login, windows-anmeldung, domänenbenutzer, compte windows, usuario de windows, "
    "usuário do windows, account windows, windows-account, windowskonto, konto windows",
    "sip_uri": "sip, sip address, sip-adresse, adresse sip, dirección sip, endereço sip, "
    "indirizzo sip, sip-adres, sip-adress, adres sip",
    "salt": "salz, sel, sal, password salt",
    "location": "site, city, office, branch, standort, ort, niederlassung, lieu, ville, "
    "emplacement, localité, ubicación, ciudad, sede, localização, localidade, cidade, località, "
    "città, locatie, vestiging, plaats, plats, ort, kontor, lokalizacja, miasto, oddział",
    "additional_extensions": "other extensions, more extensions, weitere nebenstellen, "
    "autres postes, otras extensiones, outros ramais, altri interni, overige toestellen",
    "lookback_enabled": "lookback",
    "privacy_enabled": "privacy",
    "dual_endpoints_enabled": "dual endpoints",
}
"""By field key, what other programs and languages call the field."""

_AMBIGUOUS: Final = "name"
"""The last name where a first name stands beside it; alone it may be the whole name."""

_NEAR: Final = 0.8
"""How alike two names must be, of 1, for the one to be taken for the other."""

_SHORTEST_NEAR: Final = 5
"""Letters of a name; shorter ones are near to too many."""

_MOST_NEAR: Final = 500
"""Columns whose names are compared with all others; a file of users has no more."""

_SHAPES: Final = (
    ("sip_uri", re.compile(r"sips?:[^@\s]+@\S+", re.IGNORECASE)),
    ("windows_login", re.compile(r"[^\\/@\s]+\\[^\\\s]+")),
    (
        "phone_ip",
        re.compile(
            r"(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}"
            r"|(?=.*:.*:)[0-9a-f:]{3,39}",
            re.IGNORECASE,
        ),
    ),
    ("recording_service", re.compile("any", re.IGNORECASE)),
)

_FOREIGN: Final = {
    folded(name): FIELD[key] for key, names in _FOREIGN_NAMES.items() for name in names.split(",")
}
_ALL_NAMES: Final = {
    **_FOREIGN,
    **{folded(name): field for field in FIELDS for name in (field.name, *field.aliases)},
}


def guesses(header: Sequence[str], sample_values: Sequence[Sequence[str]]) -> list[Field | None]:
    """The best guess for each column; None where there is none. Each field at most once.

    Args:
        header: the names of the columns.
        sample_values: some values of each column; none of a secret is needed.
    """
    guessed: list[Field | None] = [None] * len(header)
    free = set(FIELDS)

    def take(column: int, field: Field | None) -> None:
        if field in free and guessed[column] is None:
            guessed[column] = field
            free.discard(field)

    for column, field in enumerate(_known(header)):
        take(column, field)
    for column, name in enumerate(header):
        take(column, _FOREIGN.get(folded(name)))
    if FIELD["first_name"] not in free:
        for column, name in enumerate(header):
            take(column, FIELD["last_name"] if folded(name) == _AMBIGUOUS else None)
    for _, column, field in _near(header, guessed, free):
        take(column, field)
    for column, values in enumerate(sample_values):
        take(column, _by_shape(values))
    return guessed


def nearest_field(word: str) -> Field | None:
    """The field whose name is nearest to a word that names none; None where none is near."""
    near = _near([word], [None], set(FIELDS))
    return near[0][2] if near else None


def _known(header: Sequence[str]) -> list[Field | None]:
    """What the names say; of two columns with one meaning, the first has it."""
    known: list[Field | None] = []
    for name in header:
        field = field_named(name)
        if field is FIELD["phone_ip"] and field in known:
            field = FIELD["secondary_phone_ip"]
        known.append(field)
    return known


def _near(
    header: Sequence[str], guessed: Sequence[Field | None], free: set[Field]
) -> list[tuple[float, int, Field]]:
    """Columns without a guess and the fields whose names are near to theirs, the nearest first."""
    # imported late: only files of other programs need it
    from rapidfuzz.distance import DamerauLevenshtein  # noqa: PLC0415

    found: list[tuple[float, int, Field]] = []
    for column, name in enumerate(header[:_MOST_NEAR]):
        word = folded(name)[:60]
        if guessed[column] is not None or len(word) < _SHORTEST_NEAR or is_problems_column(name):
            continue
        for known, field in _ALL_NAMES.items():
            if field in free and len(known) >= _SHORTEST_NEAR:
                likeness = DamerauLevenshtein.normalized_similarity(word, known, score_cutoff=_NEAR)
                if likeness >= _NEAR:
                    found.append((likeness, column, field))
    return sorted(found, key=lambda one: (-one[0], one[1], one[2].number))


def _by_shape(values: Sequence[str]) -> Field | None:
    for key, shape in _SHAPES:
        if values and all(shape.fullmatch(value) for value in values):
            return FIELD[key]
    return None
