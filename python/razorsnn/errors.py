"""The one error that is the user's to mend; everything else is a bug and shows its traceback."""


class UserError(Exception):
    """What was wrong, where, and what would be accepted, in one line. The command line exits with code 2."""
