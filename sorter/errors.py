"""The one kind of error that ends a command with a sentence instead of a traceback."""


class SorterError(Exception):
    """Something that the user can mend; the message says what was wrong, where, and what to do."""
