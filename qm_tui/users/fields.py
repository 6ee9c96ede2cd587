"""The field table: the 26 fields of a user, once, as data.

Headers, import, export, the rules, the table's columns, the documentation page and the sample
generator all read it from here. A user is a `User`: a tuple of 26 strings in file order whose
members bear the field keys. A tuple because a store of 100,000 users must fit an SSH session: it
takes a sixth of the memory of a mapping, compares in one step, and never changes under a reader.

Source: the customer's document, "Importing/Exporting User Details", and the users file's field
table. A field without a value holds the empty string.
"""

from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import Annotated, Any, Final, NamedTuple, get_type_hints


class Kind(StrEnum):
    """What a field's value is."""

    TEXT = "text"
    FLAG = "flag"
    """Exactly `0` or `1`."""
    IP = "ip"
    """An IPv4, IPv6 or MAC address."""
    LIST = "list"
    """Comma-separated values inside one cell."""
    SECRET = "secret"  # noqa: S105 - the name of a kind
    """Never shown, never logged, and carried exactly as it is."""
    ID = "id"


class Group(StrEnum):
    """What a field belongs to, in the order in which the groups are shown."""

    IDENTITY = "Identity"
    SIGN_IN = "Sign-in"
    PHONE = "Phone"
    RECORDING = "Recording"
    LICENSES = "Licenses"
    CISCO_SCCP = "Cisco SCCP"
    OTHER = "Other"


class _Spec(NamedTuple):
    """What the table says of one field, beside its key and its place."""

    header: str
    width: int
    group: Group
    kind: Kind = Kind.TEXT
    mandatory: bool = False
    short: str = ""
    name: str = ""
    aliases: tuple[str, ...] = ()
    repeats: bool = False
    meaning: str = ""
    only_for: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One of the 26 fields.

    Attributes:
        number: its place in the file, from 1.
        index: its place in a `User`, from 0.
        key: its name in code, in the store and in `--json`.
        header: its name in the file. Two fields bear the header `Phone IP`.
        name: its name for the admin: the header, but for the second `Phone IP`.
        short: the name above a table's column.
        width: the cells that a table's column takes on a narrow screen.
        group: what it belongs to.
        kind: what its values are.
        mandatory: whether every user must have a value.
        aliases: other headers that mean this field.
        repeats: whether many users share a value, so that sharing the string saves memory.
        meaning: one sentence for the admin: what stands in it and what is allowed.
        only_for: where alone the field is used, or an empty string.
    """

    number: int
    index: int
    key: str
    header: str
    name: str
    short: str
    width: int
    group: Group
    kind: Kind
    mandatory: bool
    aliases: tuple[str, ...]
    repeats: bool
    meaning: str
    only_for: str

    @property
    def is_secret(self) -> bool:
        """Whether its values must never be shown."""
        return self.kind is Kind.SECRET


def _flag(header: str, short: str, group: Group, meaning: str, **more: Any) -> _Spec:  # noqa: ANN401
    return _Spec(
        header,
        1,
        group,
        Kind.FLAG,
        short=short,
        meaning=f"{meaning} 0 = no, 1 = yes.",
        repeats=True,
        **more,
    )


class User(NamedTuple):
    """A user of the Quality Management Suite: 26 strings, in file order."""

    first_name: Annotated[
        str,
        _Spec("First Name", 10, Group.IDENTITY, mandatory=True, meaning="First name of the user."),
    ] = ""
    last_name: Annotated[
        str,
        _Spec("Last Name", 10, Group.IDENTITY, mandatory=True, meaning="Last name of the user."),
    ] = ""
    extension: Annotated[
        str,
        _Spec(
            "Extension",
            6,
            Group.PHONE,
            mandatory=True,
            short="Exten",
            meaning="Any extension. Leading zeros count.",
        ),
    ] = ""
    user_id: Annotated[
        str,
        _Spec(
            "User ID",
            12,
            Group.IDENTITY,
            Kind.ID,
            meaning="Empty to add a new user. An export fills it with the value that identifies "
            "the user.",
        ),
    ] = ""
    agent_id: Annotated[
        str,
        _Spec(
            "Agent ID",
            9,
            Group.IDENTITY,
            short="Agent",
            meaning="Identification name or number of the user.",
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
            meaning="Name of the user's department.",
        ),
    ] = ""
    user_name: Annotated[
        str,
        _Spec(
            "User Name",
            10,
            Group.SIGN_IN,
            mandatory=True,
            meaning="Assigned user name. No two users have the same; upper and lower case do not "
            "make a difference.",
        ),
    ] = ""
    password: Annotated[
        str,
        _Spec(
            "Password",
            5,
            Group.SIGN_IN,
            Kind.SECRET,
            mandatory=True,
            short="Passw",
            meaning="The encrypted password, carried as it is.",
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
            meaning="Security profile assigned to the user.",
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
            meaning="Recording profile assigned to the user.",
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
            meaning="IP address of the phone: IPv4, IPv6, or a MAC address.",
        ),
    ] = ""
    is_active: Annotated[
        str,
        _flag("Is User Active", "A", Group.IDENTITY, "Whether the user is active.", mandatory=True),
    ] = ""
    recording_service: Annotated[
        str,
        _Spec(
            "Recording Service IP Address",
            15,
            Group.RECORDING,
            mandatory=True,
            short="Rec. Service",
            repeats=True,
            meaning="IP address of the machine that hosts the recording service, or Any, or the "
            "name of a high-availability node (letters, digits, - _ .).",
        ),
    ] = ""
    unlimited_license: Annotated[
        str,
        _flag(
            "Unlimited License",
            "U",
            Group.LICENSES,
            "Unlimited call recording license; must be the converse of On-Demand License.",
            mandatory=True,
        ),
    ] = ""
    on_demand_license: Annotated[
        str,
        _flag(
            "On-Demand License",
            "O",
            Group.LICENSES,
            "On-demand recording license; must be the converse of Unlimited License.",
            mandatory=True,
        ),
    ] = ""
    computer_recording_license: Annotated[
        str,
        _flag(
            "Computer Recording License",
            "C",
            Group.LICENSES,
            "Computer recording license.",
            aliases=("Screen Recording License",),
        ),
    ] = ""
    windows_login: Annotated[
        str,
        _Spec(
            "Windows Login",
            16,
            Group.RECORDING,
            meaning="Windows domain login ID, written DOMAIN\\Username.",
            only_for="computer recording",
        ),
    ] = ""
    sip_uri: Annotated[
        str,
        _Spec(
            "SIP URI",
            20,
            Group.PHONE,
            meaning="Session Initiation Protocol address, written sip:x@y: x is the user name or "
            "the extension, y the domain or the IP address of the host.",
            only_for="Microsoft OCS 2007",
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
        ),
    ] = ""
    location: Annotated[
        str,
        _Spec(
            "Location", 12, Group.IDENTITY, repeats=True, meaning="Geographic location of the user."
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
            meaning="The user's other extensions, separated by commas.",
            only_for="TAPI",
        ),
    ] = ""
    lookback_enabled: Annotated[
        str, _flag("Lookback Enabled", "L", Group.OTHER, "Whether lookback is enabled.")
    ] = ""
    privacy_enabled: Annotated[
        str, _flag("Privacy Enabled", "P", Group.OTHER, "Whether privacy is enabled.")
    ] = ""
    private_extensions: Annotated[
        str,
        _Spec(
            "Private Extensions",
            14,
            Group.CISCO_SCCP,
            Kind.LIST,
            short="Private Ext.",
            meaning="The user's extensions that are not recorded, separated by commas.",
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
            meaning="The user's secondary endpoint, recorded if dual endpoints are enabled: IPv4, "
            "IPv6, or a MAC address.",
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
        group=spec.group,
        kind=spec.kind,
        mandatory=spec.mandatory,
        aliases=spec.aliases,
        repeats=spec.repeats,
        meaning=spec.meaning,
        only_for=spec.only_for,
    )


_HINTS = get_type_hints(User, include_extras=True)

FIELDS: Final[tuple[Field, ...]] = tuple(
    _field(number, key, _HINTS[key].__metadata__[0])
    for number, key in enumerate(User._fields, start=1)
)
"""The 26 fields in file order."""

FIELD: Final[dict[str, Field]] = {field.key: field for field in FIELDS}
"""The fields by key."""

GROUPED: Final[dict[Group, tuple[Field, ...]]] = {
    group: tuple(field for field in FIELDS if field.group is group) for group in Group
}
"""The fields of each group, in file order; the groups as they are shown."""

KEYS: Final[tuple[str, ...]] = User._fields
"""The field keys in file order."""

SECRETS: Final[tuple[Field, ...]] = tuple(field for field in FIELDS if field.is_secret)
"""The fields that are never shown."""

SHARED_PLACES: Final = tuple(field.index for field in FIELDS if field.repeats and field.width > 1)
"""Where in a `User` the values stand that many users share, flags aside."""

MAX_VALUE: Final = 4096
"""The characters that a value may have (ours)."""

values_of = itemgetter(*KEYS)
"""The 26 values of a mapping from field key to value, in file order."""


def user_from_mapping(values: dict[str, str]) -> User:
    """The user that a mapping from field key to string describes.

    Raises:
        KeyError: a field key is missing.
    """
    return tuple.__new__(User, values_of(values))


def without_secrets(user: User) -> dict[str, str]:
    """The user as a mapping from field key to value, without the fields that are never shown."""
    return {
        field.key: value for field, value in zip(FIELDS, user, strict=True) if not field.is_secret
    }
