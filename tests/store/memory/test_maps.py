"""The owners of User Names."""

from qm_tui.store.memory.maps import UserMaps, owners_of_names, users_without_own_name
from qm_tui.users.fields import User


def test_first_user_owns_a_name_and_later_ones_have_none():
    names = {"u1": "Jürgen", "u2": "anna", "u3": "ju\u0308rgen", "u4": "JÜRGEN"}
    users = {key: User(user_id=key, user_name=name) for key, name in names.items()}
    owners = owners_of_names(users.values())
    assert owners == {"jürgen": "u1", "anna": "u2"}
    assert users_without_own_name(UserMaps(1, users, owners)) == {"jürgen": ["u3", "u4"]}
    del users["u3"], users["u4"]
    assert users_without_own_name(UserMaps(1, users, owners)) == {}
