"""The error tree.

ClassifierError <- ReadError, CorpusError, ModelError, WriteError, ResumeError
"""


import re

_BREAK = re.compile(r"\s*[\n\r\u2028\u2029]\s*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST = 10_000


class ClassifierError(Exception):
    """An error of the package; its message may be shown to the user as it is.

    What a library or a file said in it is brought to one line.

    >>> str(ClassifierError("a.pdf: broken\\n at \\x0f"))
    'a.pdf: broken at ?'
    """

    def __init__(self, message: str) -> None:
        super().__init__(_CONTROL.sub("?", _BREAK.sub(" ", message))[:_LONGEST])


class ReadError(ClassifierError):
    """A document cannot be read.

    >>> raise ReadError("a.pdf: damaged PDF")
    Traceback (most recent call last):
    classifier.errors.ReadError: a.pdf: damaged PDF
    """


class CorpusError(ClassifierError):
    """A corpus or gold file does not follow its format.

    >>> raise CorpusError("a.txt:2: unknown label 'mesure'")
    Traceback (most recent call last):
    classifier.errors.CorpusError: a.txt:2: unknown label 'mesure'
    """


class ModelError(ClassifierError):
    """A model file is damaged, unsafe or of an unknown format.

    >>> raise ModelError("m.zip: no such model")
    Traceback (most recent call last):
    classifier.errors.ModelError: m.zip: no such model
    """


class WriteError(ClassifierError):
    """An output cannot be written."""


class ResumeError(ClassifierError):
    """An earlier run cannot be continued as asked."""
