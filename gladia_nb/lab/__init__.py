"""Everything that the Lab does, without widgets: a script can do it too."""
