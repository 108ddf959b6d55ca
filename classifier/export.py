"""From fine-tuned weights to the encoder model that ships: ONNX int8, head, temperature."""

import tempfile
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
from classifier.finetune import Recipe, Tagger, finetune, requirements
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
    """A fine-tuned encoder as an ONNX file with int8 weights, a scale a channel."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    torch, base, _ = requirements()
    network = Tagger.build(base, Recipe())
    network.load_state_dict(weights)

    module: Any = torch.nn.Module

    class States(module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = network.encoder

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]

    network.encoder.set_attn_implementation("eager")
    sample = torch.ones((2, 16), dtype=torch.int64)
    mask = sample.clone()
    mask[1, 10:] = 0  # a mask of ones alone would be taken for no mask at all
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=512)
    axes = {0: batch, 1: length}
    with tempfile.TemporaryDirectory() as scratch:
        full, small = Path(scratch) / "full.onnx", Path(scratch) / "small.onnx"
        torch.onnx.export(
            States().eval(), (sample, mask), full, input_names=["input_ids", "attention_mask"],
            output_names=["states"], dynamic_shapes=(axes, axes), external_data=False,
            dynamo=True,
        )
        # unsigned: sums of signed weights overflow on processors without int8 instructions
        quantize_dynamic(full, small, per_channel=True, weight_type=QuantType.QUInt8)
        return small.read_bytes()


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
