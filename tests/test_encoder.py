"""A document's labels are its own: what else is tagged beside it changes nothing."""

import numpy as np

from classifier import load_model

DOCUMENTS = [
    ["The ministry has banned coal stoves.", "Traders call it a tax on the poor."],
    ["In 2023 the ports logged 412 complaints."] * 40, ["Why?"], [],
    ["The levy pays for the dredging of the harbour, which has silted up since 2011."],
]


def test_documents_beside_it_do_not_change_a_document():
    model = load_model("encoder", n_threads=1)
    together = model.predict_proba(DOCUMENTS)
    alone = [model.predict_proba([document]) for document in DOCUMENTS]
    assert np.allclose(together, np.vstack(alone), atol=1e-9)
