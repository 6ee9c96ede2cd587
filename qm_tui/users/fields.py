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
from typing import Annotated, Any, Final, NamedTuple, get_type_hints


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
    """The facts about a field, except its key and position. `Field` describes them."""

    header: str
    width: int
    group: Group
    kind: Kind = Kind.TEXT
    required: bool = False
    short: str = ""
    name: str = ""
    aliases: tuple[str, ...] = ()
    foreign: str = ""
    """Separated by commas."""
    repeats: bool = False
    wide: int = 0
    collation: Collation | None = None
    initial: str = ""
    requires: str = ""
    filter_name: str = ""
    example: str = NO_VALUE_EXAMPLE
    meaning: str = ""
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


def _flag(header: str, short: str, group: Group, meaning: str, **more: Any) -> _Spec:  # noqa: ANN401
    facts = {"initial": "0"} | more
    return _Spec(
        header,
        1,
        group,
        Kind.FLAG,
        short=short,
        meaning=f"{meaning} 0 = no, 1 = yes.",
        repeats=True,
        **facts,
    )


class User(NamedTuple):
    """A user of the Quality Management Suite: the values of all fields, in file order."""

    first_name: Annotated[
        str,
        _Spec(
            "First Name",
            10,
            Group.IDENTITY,
            required=True,
            wide=16,
            example="anna",
            meaning="First name of the user.",
            foreign="first, given name, forename, vorname, rufname, prénom, nombre, nombres, nome, "
            "primeiro nome, nome próprio, voornaam, förnamn, tilltalsnamn, imię, fornavn, etunimi",
        ),
    ] = ""
    last_name: Annotated[
        str,
        _Spec(
            "Last Name",
            10,
            Group.IDENTITY,
            required=True,
            wide=16,
            example="ber*",
            meaning="Last name of the user.",
            foreign="last, surname, family name, nachname, familienname, zuname, nom, "
            "nom de famille, apellido, apellidos, sobrenome, apelido, cognome, achternaam, "
            "efternamn, nazwisko, etternavn, sukunimi",
        ),
    ] = ""
    extension: Annotated[
        str,
        _Spec(
            "Extension",
            6,
            Group.PHONE,
            required=True,
            short="Exten",
            wide=8,
            collation=Collation.NUMBER,
            example="10*",
            meaning="Telephone extension. Leading zeros are significant.",
            foreign="ext, ext no, extension number, phone extension, nebenstelle, durchwahl, "
            "nebenstellennummer, poste, numéro de poste, extensión, anexo, interno, ramal, "
            "extensão, toestel, toestelnummer, anknytning, anknytningsnummer, numer wewnętrzny, "
            "wewnętrzny",
        ),
    ] = ""
    user_id: Annotated[
        str,
        _Spec(
            "User ID",
            12,
            Group.IDENTITY,
            Kind.ID,
            example="u7k2m9q4x1bd",
            meaning="Unique ID of the user, as exports contain it. Leave it empty to add a user.",
        ),
    ] = ""
    agent_id: Annotated[
        str,
        _Spec(
            "Agent ID",
            9,
            Group.IDENTITY,
            short="Agent",
            wide=12,
            collation=Collation.NUMBER,
            meaning="Agent name or number of the user.",
            foreign="agent, agent number, agent no, employee id, employee number, personalnummer, "
            "mitarbeiternummer, matricule, id agent, agente, id agente, matrícula, matricola, "
            "personeelsnummer, anställningsnummer, numer agenta",
        ),
    ] = ""
    department: Annotated[
        str,
        _Spec(
            "Department Name",
            11,
            Group.IDENTITY,
            short="Department",
            repeats=True,
            wide=20,
            example="sales",
            meaning="Name of the user's department.",
            foreign="dept, abteilung, team, group, gruppe, département, service, departamento, "
            "setor, reparto, dipartimento, ufficio, afdeling, avdelning, dział, wydział",
        ),
    ] = ""
    user_name: Annotated[
        str,
        _Spec(
            "User Name",
            10,
            Group.SIGN_IN,
            required=True,
            wide=16,
            example="aberg",
            meaning="Assigned user name. Must be unique (not case-sensitive).",
            foreign="login, login name, user login, account, account name, benutzername, benutzer, "
            "anmeldename, kennung, benutzerkennung, nom d'utilisateur, utilisateur, identifiant, "
            "usuario, nombre de usuario, usuário, nome de usuário, nome de utilizador, "
            "nome utente, utente, gebruikersnaam, gebruiker, användarnamn, användare, "
            "nazwa użytkownika, użytkownik, samaccountname",
        ),
    ] = ""
    password: Annotated[
        str,
        _Spec(
            "Password",
            5,
            Group.SIGN_IN,
            Kind.SECRET,
            required=True,
            short="Passw",
            meaning="Encrypted password, copied unchanged.",
            foreign="pass, pwd, encrypted password, password hash, kennwort, passwort, "
            "mot de passe, contraseña, clave, senha, palavra-passe, wachtwoord, lösenord, hasło",
        ),
    ] = ""
    security_profile: Annotated[
        str,
        _Spec(
            "Security Profile Name",
            12,
            Group.SIGN_IN,
            short="Security",
            repeats=True,
            wide=20,
            example='="Agent"',
            meaning="Security profile assigned to the user.",
            foreign="role, security, security role, rolle, sicherheitsprofil, rechteprofil, "
            "profil de sécurité, perfil de seguridad, perfil de segurança, profilo di sicurezza, "
            "beveiligingsprofiel, säkerhetsprofil, profil zabezpieczeń",
        ),
    ] = ""
    recording_profile: Annotated[
        str,
        _Spec(
            "Recording Profile Name",
            12,
            Group.RECORDING,
            short="Recording",
            repeats=True,
            wide=20,
            meaning="Recording profile assigned to the user.",
            foreign="recording, aufzeichnungsprofil, aufnahmeprofil, "
            "profil d'enregistrement, perfil de grabación, perfil de gravação, "
            "profilo di registrazione, opnameprofiel, inspelningsprofil, profil nagrywania",
        ),
    ] = ""
    phone_ip: Annotated[
        str,
        _Spec(
            "Phone IP",
            15,
            Group.PHONE,
            Kind.IP,
            aliases=("Phone IP/Mac Address",),
            wide=17,
            example="10.0.7.*",
            meaning="IPv4, IPv6 or MAC address of the phone.",
            foreign="ip, ip address, ip phone, mac, mac address, ip-adresse, telefon-ip, "
            "adresse ip, dirección ip, endereço ip, indirizzo ip, ip-adres, ip-adress, adres ip",
        ),
    ] = ""
    is_active: Annotated[
        str,
        _flag(
            "Is User Active",
            "A",
            Group.IDENTITY,
            "Whether the user is active.",
            required=True,
            initial="1",
            filter_name="active",
            foreign="active, enabled, status, aktiv, actif, activo, ativo, attivo, actief, aktywny",
        ),
    ] = ""
    recording_service: Annotated[
        str,
        _Spec(
            "Recording Service IP Address",
            15,
            Group.RECORDING,
            required=True,
            short="Rec. Service",
            repeats=True,
            wide=20,
            collation=Collation.ADDRESS,
            initial="Any",
            example="any",
            meaning="IP address of the recording service host, Any, or the name of a "
            "high-availability node (letters, digits, - _ ., at least one letter).",
            foreign="recording server, recorder, recording service, recording service ip, "
            "aufzeichnungsserver, aufnahmeserver, serveur d'enregistrement, "
            "servidor de grabación, servidor de gravação, server di registrazione, opnameserver, "
            "inspelningsserver, serwer nagrywania",
        ),
    ] = ""
    unlimited_license: Annotated[
        str,
        _flag(
            "Unlimited License",
            "U",
            Group.LICENSES,
            "License for unlimited call recording. Assign either this or On-Demand License.",
            required=True,
            initial="1",
            foreign="unlimited, unlimited licence, unbegrenzte lizenz, licence illimitée, "
            "licencia ilimitada, licença ilimitada, licenza illimitata, onbeperkte licentie, "
            "obegränsad licens, licencja nieograniczona",
        ),
    ] = ""
    on_demand_license: Annotated[
        str,
        _flag(
            "On-Demand License",
            "O",
            Group.LICENSES,
            "License for on-demand recording. Assign either this or Unlimited License.",
            required=True,
            foreign="on demand, on demand licence, lizenz auf abruf, licence à la demande, "
            "licencia bajo demanda, licença sob demanda, licenza on demand, licentie op aanvraag",
        ),
    ] = ""
    computer_recording_license: Annotated[
        str,
        _flag(
            "Computer Recording License",
            "C",
            Group.LICENSES,
            "License for computer recording.",
            aliases=("Screen Recording License",),
            foreign="computer recording, screen recording, screen license, bildschirmaufzeichnung",
        ),
    ] = ""
    windows_login: Annotated[
        str,
        _Spec(
            "Windows Login",
            16,
            Group.RECORDING,
            wide=24,
            requires="computer_recording_license",
            example=r"corp\anna",
            meaning="Windows domain login ID in the format DOMAIN\\Username.",
            only_for="computer recording",
            foreign="windows user, windows account, domain login, domain user, domain account, "
            "nt login, windows-anmeldung, domänenbenutzer, compte windows, usuario de windows, "
            "usuário do windows, account windows, windows-account, windowskonto, konto windows",
        ),
    ] = ""
    sip_uri: Annotated[
        str,
        _Spec(
            "SIP URI",
            20,
            Group.PHONE,
            wide=32,
            example="*@example.com",
            meaning="Session Initiation Protocol address in the format sip:x@y (x: user name or "
            "extension; y: domain or IP address of the host).",
            only_for="Microsoft OCS 2007",
            foreign="sip, sip address, sip-adresse, adresse sip, dirección sip, endereço sip, "
            "indirizzo sip, sip-adres, sip-adress, adres sip",
        ),
    ] = ""
    salt: Annotated[
        str,
        _Spec(
            "Salt Value",
            4,
            Group.SIGN_IN,
            Kind.SECRET,
            short="Salt",
            meaning="Salt of the password.",
            only_for="CallRex 4.1 and later",
            foreign="salz, sel, sal, password salt",
        ),
    ] = ""
    location: Annotated[
        str,
        _Spec(
            "Location",
            12,
            Group.IDENTITY,
            repeats=True,
            wide=16,
            example='"New York"',
            meaning="Geographic location of the user.",
            foreign="site, city, office, branch, standort, ort, niederlassung, lieu, ville, "
            "emplacement, localité, ubicación, ciudad, sede, localização, localidade, cidade, "
            "località, città, locatie, vestiging, plaats, plats, kontor, lokalizacja, miasto, "
            "oddział",
        ),
    ] = ""
    additional_extensions: Annotated[
        str,
        _Spec(
            "Additional Extensions",
            14,
            Group.PHONE,
            Kind.LIST,
            short="Other Extens.",
            wide=20,
            example="0413",
            meaning="Other extensions of the user, separated by commas.",
            only_for="TAPI",
            foreign="other extensions, more extensions, weitere nebenstellen, "
            "autres postes, otras extensiones, outros ramais, altri interni, overige toestellen",
        ),
    ] = ""
    lookback_enabled: Annotated[
        str,
        _flag(
            "Lookback Enabled",
            "L",
            Group.OTHER,
            "Whether lookback is enabled.",
            foreign="lookback",
        ),
    ] = ""
    privacy_enabled: Annotated[
        str,
        _flag(
            "Privacy Enabled",
            "P",
            Group.OTHER,
            "Whether privacy is enabled.",
            foreign="privacy",
        ),
    ] = ""
    private_extensions: Annotated[
        str,
        _Spec(
            "Private Extensions",
            14,
            Group.CISCO_SCCP,
            Kind.LIST,
            short="Private Ext.",
            wide=20,
            example="0415",
            meaning="Extensions of the user that are not recorded, separated by commas.",
            only_for="Cisco SCCP",
        ),
    ] = ""
    dual_endpoints_enabled: Annotated[
        str,
        _flag(
            "Dual Endpoints Enabled",
            "D",
            Group.CISCO_SCCP,
            "Whether dual endpoints are enabled.",
            only_for="Cisco SCCP",
            foreign="dual endpoints",
        ),
    ] = ""
    secondary_phone_ip: Annotated[
        str,
        _Spec(
            "Phone IP",
            15,
            Group.CISCO_SCCP,
            Kind.IP,
            short="2nd Phone IP",
            name="Secondary Phone IP",
            aliases=("Secondary Phone IP", "Phone IP 2", "Phone IP2", "Phone IP.1"),
            wide=17,
            requires="dual_endpoints_enabled",
            example="00:1a:*",
            meaning="IPv4, IPv6 or MAC address of the secondary endpoint, which is recorded if "
            "dual endpoints are enabled.",
            only_for="Cisco SCCP",
        ),
    ] = ""


def _field(number: int, key: str, spec: _Spec) -> Field:
    return Field(
        number=number,
        index=number - 1,
        key=key,
        header=spec.header,
        name=spec.name or spec.header,
        short=spec.short or spec.header,
        width=spec.width,
        wide=spec.wide or spec.width,
        group=spec.group,
        kind=spec.kind,
        required=spec.required,
        aliases=spec.aliases,
        foreign_headers=tuple(spec.foreign.split(", ")) if spec.foreign else (),
        repeats=spec.repeats,
        collation=spec.collation or _COLLATIONS.get(spec.kind, Collation.NAME),
        initial=spec.initial,
        requires=spec.requires,
        filter_name=spec.filter_name or key.replace("_", "-"),
        example=spec.example,
        meaning=spec.meaning,
        only_for=spec.only_for,
    )


_HINTS = get_type_hints(User, include_extras=True)

FIELDS: Final[tuple[Field, ...]] = tuple(
    _field(number, key, _HINTS[key].__metadata__[0])
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
