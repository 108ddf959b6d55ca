"""From fine-tuned weights to the encoder model that ships: ONNX int8, head, temperature."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from classifier.artifact import save
from classifier.corpus import GoldDocument, fingerprint, load
from classifier.document import LABELS
from classifier.encoder import Encoder, EncoderModel
from classifier.errors import ClassifierError
from classifier.finetune import Recipe, finetune, requirements
from classifier.graph import graph
from classifier.head import Head, calibrated
from classifier.splits import select


def export(
    folders: Sequence[Path], path: Path, documents: Sequence[GoldDocument],
    held_out: Sequence[GoldDocument],
) -> EncoderModel:
    """Average the weights of runs, quantise them, calibrate, and write the model file.

    `documents` are those that the runs learned from; the temperature comes from `held_out`.
    """
    weights = average(folders)
    base = requirements()[1]
    encoder = Encoder.build(quantised(weights), (base / "tokenizer.json").read_bytes())
    model = calibrated(encoder, _head(weights), held_out)
    save(model, path, {
        "corpus": fingerprint(documents),
        "n_documents": len(documents),
        "n_sentences": sum(len(d.sentences) for d in documents),
        "n_runs": len(folders),
        "base": "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
    })
    return model


def _head(weights: dict[str, Any]) -> Head:
    order = sorted(range(len(LABELS)), key=LABELS.__getitem__)
    return Head(
        tuple(LABELS[k] for k in order),
        np.ascontiguousarray(weights["head.weight"].float().numpy()[order].T),
        weights["head.bias"].double().numpy()[order],
    )


def average(folders: Sequence[Path]) -> dict[str, Any]:
    """The mean weights of runs from one base (Wortsman et al. 2022, "Model soups").

    Raises:
        ClassifierError: PyTorch is not installed, or a run has not ended.
    """
    torch = requirements()[0]
    unfinished = [folder for folder in folders if not (folder / "weights.pt").is_file()]
    if unfinished:
        raise ClassifierError(f"{unfinished[0]}: no finished run (weights.pt) in it")
    runs = [torch.load(folder / "weights.pt", weights_only=True) for folder in folders]
    mean = dict(runs[0])
    for name, value in runs[0].items():
        if value.is_floating_point():
            mean[name] = sum(run[name].float() for run in runs) / len(runs)
    return mean


def quantised(weights: dict[str, Any]) -> bytes:
    """A fine-tuned encoder as an ONNX file with int8 weights."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(requirements()[1])
    own = {name.removeprefix("encoder."): value.float().numpy()
           for name, value in weights.items() if name.startswith("encoder.")}
    return graph(own, config.num_hidden_layers, config.num_attention_heads)


@click.command()
@click.argument("corpus", type=click.Path(path_type=Path))
@click.option("--also", type=click.Path(path_type=Path), help="More labelled documents.")
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="Checkpoints, log.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--epochs", default=4, show_default=True, help="At a level learning rate.")
@click.option("--cooldown", default=2, show_default=True, help="Epochs in which it falls to zero.")
@click.option("--seed", "seeds", multiple=True, type=int, default=(1, 2), show_default=True,
              help="A cooldown each; their weights are averaged.")
def main(
    corpus: Path, also: Path | None, folder: Path, output: Path, epochs: int, cooldown: int,
    seeds: tuple[int, ...],
) -> None:
    """Fine-tune the encoder on the training split and write the model file.

    One run at a level learning rate; from its end, a run a seed in which the rate falls to zero
    (Hagele et al. 2024, "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    Durations"); the mean of their weights.
    """
    own, more = load(corpus), load(also) if also else []
    learn = [*select(own, "train"), *select(more, "train", "test")]
    held_out = select(more or own, "dev")  # calibrated on real text where there is some
    trunk = folder / "trunk"
    finetune(learn, trunk, Recipe(epochs=epochs, cooldown=0.0), held_out)
    runs = [folder / f"seed{seed}" for seed in seeds]
    for run, seed in zip(runs, seeds, strict=True):
        recipe = Recipe(epochs=cooldown, warmup=0.05, cooldown=0.95, seed=seed)
        finetune(learn, run, recipe, held_out, start=trunk)
    export(runs, output, learn, held_out)


if __name__ == "__main__":
    main()
