"""What surrounds each page: header, navigation, actions, keys."""
