"""Fit the shipped models on a corpus: the fast model and Punkt's abbreviations."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifier.artifact import save
from classifier.corpus import GoldDocument, fingerprint
from classifier.estimator import SentenceClassifier
from classifier.scoring import Floats


def train(documents: Sequence[GoldDocument], path: Path, **settings: Any) -> SentenceClassifier:
    """Fit the fast model on labelled documents and write the model file."""
    texts, labels, groups = _columns(documents)
    fitted = SentenceClassifier(**settings).fit(texts, labels, groups)
    save(fitted.model_, path, {
        "corpus": fingerprint(documents),
        "n_documents": len(documents),
        "n_sentences": len(texts),
    })
    return fitted


def cross_validate(documents: Sequence[GoldDocument], n_folds: int) -> tuple[Floats, list[str]]:
    """Probabilities for each sentence from models that did not see its document."""
    import numpy as np
    from sklearn.model_selection import KFold

    proba: list[Any] = [None] * len(documents)
    for learn, test in KFold(n_folds, shuffle=True, random_state=0).split(documents):
        texts, labels, groups = _columns([documents[i] for i in learn])
        model = SentenceClassifier().fit(texts, labels, groups).model_
        for i in test:
            proba[i] = model.predict_proba([documents[i].texts])
    return np.vstack(proba), list(model.labels)


def train_punkt(documents: Sequence[GoldDocument], path: Path) -> None:
    """Learn abbreviations with NLTK's Punkt trainer and write them as JSON."""
    from nltk.tokenize.punkt import PunktTrainer

    trainer = PunktTrainer()
    trainer.train("\n\n".join(" ".join(d.texts) for d in documents), finalize=True)
    found = sorted(trainer.get_params().abbrev_types)
    path.write_text(json.dumps({"abbreviations": found}, ensure_ascii=False, indent=0), "utf-8")


def _columns(documents: Sequence[GoldDocument]) -> tuple[list[str], list[str], list[str]]:
    rows = [(s.text, s.labels[0], d.id) for d in documents for s in d.sentences]
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]
