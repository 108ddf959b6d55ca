"""The error tree.

ClassifierError <- ReadError, CorpusError, ModelError, WriteError, ResumeError
"""


class ClassifierError(Exception):
    """An error of the package; its message may be shown to the user as it is."""


class ReadError(ClassifierError):
    """A document cannot be read."""


class CorpusError(ClassifierError):
    """A corpus or gold file does not follow its format."""


class ModelError(ClassifierError):
    """A model file is damaged, unsafe or of an unknown format."""


class WriteError(ClassifierError):
    """An output cannot be written."""


class ResumeError(ClassifierError):
    """An earlier run cannot be continued as asked."""
