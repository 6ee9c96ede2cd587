"""The field table: the only description of the fields of a user.

Headers, import, export, validation, the columns of tables, forms, filters, counts, the
documentation and the sample generator are derived from it. A user is a `User`: a named tuple of
strings in file order. A tuple because a store of 100,000 users must fit into an SSH session: it
needs a sixth of the memory of a dictionary, compares in one step, and is immutable.

Source: the customer's document, "Importing/Exporting User Details", and the field table of the
users file. A field without a value contains the empty string.

To add an optional field, append it to `User`. It must be the last one: the transaction log and
files without a header contain values in this order, and values that are missing at the end are
empty.
"""

from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import Annotated, Final, NamedTuple, get_type_hints


class Kind(StrEnum):
    """The type of a field's values."""

    TEXT = "text"
    FLAG = "flag"
    """`0` or `1`."""
    IP = "ip"
    """An IPv4, IPv6 or MAC address."""
    LIST = "list"
    """Comma-separated values in one cell."""
    SECRET = "secret"  # noqa: S105 - the name of a kind
    """Never shown or logged, and copied unchanged."""
    ID = "id"


class Group(StrEnum):
    """A group of fields. Groups are shown in this order."""

    IDENTITY = "Identity"
    SIGN_IN = "Sign-in"
    PHONE = "Phone"
    RECORDING = "Recording"
    LICENSES = "Licenses"
    CISCO_SCCP = "Cisco SCCP"
    OTHER = "Other"


class Collation(StrEnum):
    """How values are compared when users are sorted."""

    NAME = "name"
    """By the locale."""
    NUMBER = "number"
    """Numbers in the text by value: 2 before 10."""
    ADDRESS = "address"
    """IP and MAC addresses by value."""


_COLLATIONS: Final = {
    Kind.IP: Collation.ADDRESS,
    Kind.LIST: Collation.NUMBER,
    Kind.ID: Collation.NUMBER,
}
"""The collations of kinds; that of the others is `Collation.NAME`."""

NO_VALUE_EXAMPLE: Final = '""'
"""An example of a filter for fields without one: users without a value."""


class _Spec(NamedTuple):
    """Facts about a field: all of `Field` except its position and what follows the facts."""

    header: str
    short: str
    width: int
    wide: int
    group: Group
    kind: Kind = Kind.TEXT
    required: bool = False
    name: str = ""
    aliases: tuple[str, ...] = ()
    repeats: bool = False
    collation: Collation | None = None
    initial: str = ""
    requires: str = ""
    filter_name: str = ""
    example: str = NO_VALUE_EXAMPLE
    only_for: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a user.

    Attributes:
        number: its position in the file, from 1.
        index: its position in a `User`, from 0.
        key: its name in code, in the store and in `--json`.
        header: its name in the file. Two fields have the header `Phone IP`.
        name: its name for the admin: the header, except for the second `Phone IP`.
        short: the title of its column.
        width: the width of its column in a narrow table, in cells.
        wide: the width at which most of its values fit.
        group: its group.
        kind: the type of its values.
        required: whether a value is required.
        aliases: other headers of the suite for this field.
        foreign_headers: headers that other programs and languages use for this field.
        repeats: whether many users share a value, as a department. Such values are stored once,
            can be counted and renamed, and are suggested while typing.
        collation: how its values are sorted.
        initial: its value for a new user.
        requires: the key of the flag without which the field is not used, or an empty string.
        filter_name: its name in filters.
        example: an example of its value in a filter, for the documentation.
        meaning: its description for the admin: a noun phrase, then the format.
        only_for: the module of the suite that uses the field, or an empty string.
    """

    number: int
    index: int
    key: str
    header: str
    name: str
    short: str
    width: int
    wide: int
    group: Group
    kind: Kind
    required: bool
    aliases: tuple[str, ...]
    foreign_headers: tuple[str, ...]
    repeats: bool
    collation: Collation
    initial: str
    requires: str
    filter_name: str
    example: str
    meaning: str
    only_for: str

    @property
    def is_secret(self) -> bool:
        """Whether its values must never be shown."""
        return self.kind is Kind.SECRET


class User(NamedTuple):
    """A user of the Quality Management Suite: the values of all fields, in file order.

    Each field has its facts, its description for the admin and, if there are any, the headers that
    other programs and languages use for it, separated by commas.
    """

    first_name: Annotated[
        str,
        _Spec("First Name", "First Name", 10, 16, Group.IDENTITY, required=True, example="anna"),
        "First name of the user.",
        "first, given name, forename, vorname, rufname, prénom, nombre, nombres, nome, primeiro "
        "nome, nome próprio, voornaam, förnamn, tilltalsnamn, imię, fornavn, etunimi",
    ] = ""
    last_name: Annotated[
        str,
        _Spec("Last Name", "Last Name", 10, 16, Group.IDENTITY, required=True, example="ber*"),
        "Last name of the user.",
        "last, surname, family name, nachname, familienname, zuname, nom, nom de famille, "
        "apellido, apellidos, sobrenome, apelido, cognome, achternaam, efternamn, nazwisko, "
        "etternavn, sukunimi",
    ] = ""
    extension: Annotated[
        str,
        _Spec(
            "Extension",
            "Exten",
            6,
            8,
            Group.PHONE,
            required=True,
            collation=Collation.NUMBER,
            example="10*",
        ),
        "Telephone extension. Leading zeros are significant.",
        "ext, ext no, extension number, phone extension, nebenstelle, durchwahl, "
        "nebenstellennummer, poste, numéro de poste, extensión, anexo, interno, ramal, "
        "extensão, toestel, toestelnummer, anknytning, anknytningsnummer, numer wewnętrzny, "
        "wewnętrzny",
    ] = ""
    user_id: Annotated[
        str,
        _Spec("User ID", "User ID", 12, 12, Group.IDENTITY, Kind.ID, example="u7k2m9q4x1bd"),
        "Unique ID of the user, as exports contain it. Leave it empty to add a user.",
    ] = ""
    agent_id: Annotated[
        str,
        _Spec("Agent ID", "Agent", 9, 12, Group.IDENTITY, collation=Collation.NUMBER),
        "Agent name or number of the user.",
        "agent, agent number, agent no, employee id, employee number, personalnummer, "
        "mitarbeiternummer, matricule, id agent, agente, id agente, matrícula, matricola, "
        "personeelsnummer, anställningsnummer, numer agenta",
    ] = ""
    department: Annotated[
        str,
        _Spec(
            "Department Name", "Department", 11, 20, Group.IDENTITY, repeats=True, example="sales"
        ),
        "Name of the user's department.",
        "dept, abteilung, team, group, gruppe, département, service, departamento, setor, "
        "reparto, dipartimento, ufficio, afdeling, avdelning, dział, wydział",
    ] = ""
    user_name: Annotated[
        str,
        _Spec("User Name", "User Name", 10, 16, Group.SIGN_IN, required=True, example="aberg"),
        "Assigned user name. Must be unique (not case-sensitive).",
        "login, login name, user login, account, account name, benutzername, benutzer, "
        "anmeldename, kennung, benutzerkennung, nom d'utilisateur, utilisateur, identifiant, "
        "usuario, nombre de usuario, usuário, nome de usuário, nome de utilizador, nome utente, "
        "utente, gebruikersnaam, gebruiker, användarnamn, användare, nazwa użytkownika, "
        "użytkownik, samaccountname",
    ] = ""
    password: Annotated[
        str,
        _Spec("Password", "Passw", 5, 5, Group.SIGN_IN, Kind.SECRET, required=True),
        "Encrypted password, copied unchanged.",
        "pass, pwd, encrypted password, password hash, kennwort, passwort, mot de passe, "
        "contraseña, clave, senha, palavra-passe, wachtwoord, lösenord, hasło",
    ] = ""
    security_profile: Annotated[
        str,
        _Spec(
            "Security Profile Name",
            "Security",
            12,
            20,
            Group.SIGN_IN,
            repeats=True,
            example='="Agent"',
        ),
        "Security profile assigned to the user.",
        "role, security, security role, rolle, sicherheitsprofil, rechteprofil, profil de "
        "sécurité, perfil de seguridad, perfil de segurança, profilo di sicurezza, "
        "beveiligingsprofiel, säkerhetsprofil, profil zabezpieczeń",
    ] = ""
    recording_profile: Annotated[
        str,
        _Spec("Recording Profile Name", "Recording", 12, 20, Group.RECORDING, repeats=True),
        "Recording profile assigned to the user.",
        "recording, aufzeichnungsprofil, aufnahmeprofil, profil d'enregistrement, perfil de "
        "grabación, perfil de gravação, profilo di registrazione, opnameprofiel, "
        "inspelningsprofil, profil nagrywania",
    ] = ""
    phone_ip: Annotated[
        str,
        _Spec(
            "Phone IP",
            "Phone IP",
            15,
            17,
            Group.PHONE,
            Kind.IP,
            aliases=("Phone IP/Mac Address",),
            example="10.0.7.*",
        ),
        "IPv4, IPv6 or MAC address of the phone.",
        "ip, ip address, ip phone, mac, mac address, ip-adresse, telefon-ip, adresse ip, "
        "dirección ip, endereço ip, indirizzo ip, ip-adres, ip-adress, adres ip",
    ] = ""
    is_active: Annotated[
        str,
        _Spec(
            "Is User Active",
            "A",
            1,
            1,
            Group.IDENTITY,
            Kind.FLAG,
            required=True,
            initial="1",
            filter_name="active",
        ),
        "Whether the user is active.",
        "active, enabled, status, aktiv, actif, activo, ativo, attivo, actief, aktywny",
    ] = ""
    recording_service: Annotated[
        str,
        _Spec(
            "Recording Service IP Address",
            "Rec. Service",
            15,
            20,
            Group.RECORDING,
            required=True,
            repeats=True,
            collation=Collation.ADDRESS,
            initial="Any",
            example="any",
        ),
        "IP address of the recording service host, Any, or the name of a high-availability node "
        "(letters, digits, - _ ., at least one letter).",
        "recording server, recorder, recording service, recording service ip, "
        "aufzeichnungsserver, aufnahmeserver, serveur d'enregistrement, servidor de grabación, "
        "servidor de gravação, server di registrazione, opnameserver, inspelningsserver, serwer "
        "nagrywania",
    ] = ""
    unlimited_license: Annotated[
        str,
        _Spec(
            "Unlimited License", "U", 1, 1, Group.LICENSES, Kind.FLAG, required=True, initial="1"
        ),
        "License for unlimited call recording. Assign either this or On-Demand License.",
        "unlimited, unlimited licence, unbegrenzte lizenz, licence illimitée, licencia "
        "ilimitada, licença ilimitada, licenza illimitata, onbeperkte licentie, obegränsad "
        "licens, licencja nieograniczona",
    ] = ""
    on_demand_license: Annotated[
        str,
        _Spec("On-Demand License", "O", 1, 1, Group.LICENSES, Kind.FLAG, required=True),
        "License for on-demand recording. Assign either this or Unlimited License.",
        "on demand, on demand licence, lizenz auf abruf, licence à la demande, licencia bajo "
        "demanda, licença sob demanda, licenza on demand, licentie op aanvraag",
    ] = ""
    computer_recording_license: Annotated[
        str,
        _Spec(
            "Computer Recording License",
            "C",
            1,
            1,
            Group.LICENSES,
            Kind.FLAG,
            aliases=("Screen Recording License",),
        ),
        "License for computer recording.",
        "computer recording, screen recording, screen license, bildschirmaufzeichnung",
    ] = ""
    windows_login: Annotated[
        str,
        _Spec(
            "Windows Login",
            "Windows Login",
            16,
            24,
            Group.RECORDING,
            requires="computer_recording_license",
            example=r"corp\anna",
            only_for="computer recording",
        ),
        "Windows domain login ID in the format DOMAIN\\Username.",
        "windows user, windows account, domain login, domain user, domain account, nt login, "
        "windows-anmeldung, domänenbenutzer, compte windows, usuario de windows, usuário do "
        "windows, account windows, windows-account, windowskonto, konto windows",
    ] = ""
    sip_uri: Annotated[
        str,
        _Spec(
            "SIP URI",
            "SIP URI",
            20,
            32,
            Group.PHONE,
            example="*@example.com",
            only_for="Microsoft OCS 2007",
        ),
        "Session Initiation Protocol address in the format sip:x@y (x: user name or extension; "
        "y: domain or IP address of the host).",
        "sip, sip address, sip-adresse, adresse sip, dirección sip, endereço sip, indirizzo "
        "sip, sip-adres, sip-adress, adres sip",
    ] = ""
    salt: Annotated[
        str,
        _Spec(
            "Salt Value", "Salt", 4, 4, Group.SIGN_IN, Kind.SECRET, only_for="CallRex 4.1 and later"
        ),
        "Salt of the password.",
        "salz, sel, sal, password salt",
    ] = ""
    location: Annotated[
        str,
        _Spec("Location", "Location", 12, 16, Group.IDENTITY, repeats=True, example='"New York"'),
        "Geographic location of the user.",
        "site, city, office, branch, standort, ort, niederlassung, lieu, ville, emplacement, "
        "localité, ubicación, ciudad, sede, localização, localidade, cidade, località, città, "
        "locatie, vestiging, plaats, plats, kontor, lokalizacja, miasto, oddział",
    ] = ""
    additional_extensions: Annotated[
        str,
        _Spec(
            "Additional Extensions",
            "Other Extens.",
            14,
            20,
            Group.PHONE,
            Kind.LIST,
            example="0413",
            only_for="TAPI",
        ),
        "Other extensions of the user, separated by commas.",
        "other extensions, more extensions, weitere nebenstellen, autres postes, otras "
        "extensiones, outros ramais, altri interni, overige toestellen",
    ] = ""
    lookback_enabled: Annotated[
        str,
        _Spec("Lookback Enabled", "L", 1, 1, Group.OTHER, Kind.FLAG),
        "Whether lookback is enabled.",
        "lookback",
    ] = ""
    privacy_enabled: Annotated[
        str,
        _Spec("Privacy Enabled", "P", 1, 1, Group.OTHER, Kind.FLAG),
        "Whether privacy is enabled.",
        "privacy",
    ] = ""
    private_extensions: Annotated[
        str,
        _Spec(
            "Private Extensions",
            "Private Ext.",
            14,
            20,
            Group.CISCO_SCCP,
            Kind.LIST,
            example="0415",
            only_for="Cisco SCCP",
        ),
        "Extensions of the user that are not recorded, separated by commas.",
    ] = ""
    dual_endpoints_enabled: Annotated[
        str,
        _Spec(
            "Dual Endpoints Enabled", "D", 1, 1, Group.CISCO_SCCP, Kind.FLAG, only_for="Cisco SCCP"
        ),
        "Whether dual endpoints are enabled.",
        "dual endpoints",
    ] = ""
    secondary_phone_ip: Annotated[
        str,
        _Spec(
            "Phone IP",
            "2nd Phone IP",
            15,
            17,
            Group.CISCO_SCCP,
            Kind.IP,
            name="Secondary Phone IP",
            aliases=("Secondary Phone IP", "Phone IP 2", "Phone IP2", "Phone IP.1"),
            requires="dual_endpoints_enabled",
            example="00:1a:*",
            only_for="Cisco SCCP",
        ),
        "IPv4, IPv6 or MAC address of the secondary endpoint, which is recorded if dual "
        "endpoints are enabled.",
    ] = ""


def _field(number: int, key: str, spec: _Spec, meaning: str, foreign: str = "") -> Field:
    is_flag = spec.kind is Kind.FLAG
    facts = spec._replace(
        name=spec.name or spec.header,
        repeats=spec.repeats or is_flag,
        collation=spec.collation or _COLLATIONS.get(spec.kind, Collation.NAME),
        initial=spec.initial or ("0" if is_flag else ""),
        filter_name=spec.filter_name or key.replace("_", "-"),
    )
    return Field(
        number=number,
        index=number - 1,
        key=key,
        meaning=f"{meaning} 0 = no, 1 = yes." if is_flag else meaning,
        foreign_headers=tuple(foreign.split(", ")) if foreign else (),
        **facts._asdict(),
    )


_HINTS = get_type_hints(User, include_extras=True)

FIELDS: Final[tuple[Field, ...]] = tuple(
    _field(number, key, *_HINTS[key].__metadata__)
    for number, key in enumerate(User._fields, start=1)
)
"""The fields in file order."""

FIELD: Final[dict[str, Field]] = {field.key: field for field in FIELDS}
"""The fields by key."""

GROUPED: Final[dict[Group, tuple[Field, ...]]] = {
    group: tuple(field for field in FIELDS if field.group is group) for group in Group
}
"""The fields of each group, in file order; the groups as they are shown."""

CATEGORICAL: Final = tuple(
    field
    for fields in GROUPED.values()
    for field in fields
    if field.repeats and field.kind is Kind.TEXT
)
"""The text fields with values that many users share, as they are shown: department, location and
so on. Users are counted by them, and their values can be renamed or set for several users."""

KEYS: Final[tuple[str, ...]] = User._fields
"""The field keys in file order."""

SECRETS: Final[tuple[Field, ...]] = tuple(field for field in FIELDS if field.is_secret)
"""The fields that are never shown."""

SHARED_FIELD_INDEXES: Final = tuple(
    field.index for field in FIELDS if field.repeats and field.kind is not Kind.FLAG
)
"""The positions in a `User` of values that many users share, except flags."""

FLAG_INDEXES: Final = tuple(field.index for field in FIELDS if field.kind is Kind.FLAG)
"""The positions in a `User` of flags."""

MAX_VALUE: Final = 4096
"""The maximum length of a value in characters (our choice)."""

values_of = itemgetter(*KEYS)
"""Return the values of a mapping from field key to value, in file order."""


def user_from_mapping(values: dict[str, str]) -> User:
    """Return the user of a mapping from field key to value.

    Raises:
        KeyError: a field key is missing.
    """
    return tuple.__new__(User, values_of(values))


NEW_USER: Final = User(*(field.initial for field in FIELDS))
"""The initial values of a new user: active, with the most common license (our choice)."""


def template_from(user: User) -> User:
    """Return the initial values of a new user who is similar to another one.

    Department, location, profiles, licenses and other shared values are copied. Names, extensions,
    addresses, logins, password and User ID are empty.
    """
    return User(*(user[field.index] if field.repeats else "" for field in FIELDS))


def without_secrets(user: User) -> dict[str, str]:
    """Return a user as a mapping from field key to value, without the fields never shown."""
    return {
        field.key: value for field, value in zip(FIELDS, user, strict=True) if not field.is_secret
    }
