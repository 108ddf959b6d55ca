"""Hold the quality of the shipped models: no figure may fall under its floor.

    python tests/quality/gate.py                     # check; exit 1 if a floor is missed
    python tests/quality/gate.py --update            # raise floors to what was measured
    python tests/quality/gate.py --update --allow    # lower them too

A floor is the figure measured less a small slack for other machines' arithmetic. Floors hold for
the corpus test split they were measured on (its fingerprint is kept) and, where the file is there,
for a gold file named with --gold.
"""

import json
import sys
from pathlib import Path

import click

from classifier import load_model
from classifier.corpus import fingerprint, load
from classifier.evaluation import evaluate
from classifier.splits import select

HERE = Path(__file__).parent
FLOORS = HERE / "floors.json"
MODELS = ("encoder", "fast")
SLACK = 0.01


def measure(gold):
    """Macro-F1 and F1 of each label, for each model and data set."""
    test = select(load(HERE.parent.parent / "corpus"), "test")
    sets = {f"corpus test {fingerprint(test)[:16]}": test}
    if gold and gold.is_file():
        sets["gold"] = load(gold)
    found = {}
    for name in MODELS:
        model = load_model(name)
        for key, documents in sets.items():
            result = evaluate(documents, model)
            figures = {"macro-F1": result.macro_f1}
            figures |= {label: f.f1 for label, f in result.labels.items()}
            found |= {f"{name} | {key} | {k}": round(v, 4) for k, v in figures.items()}
    return found


@click.command()
@click.option("--gold", type=click.Path(path_type=Path))
@click.option("--update", is_flag=True)
@click.option("--allow", is_flag=True, help="Let --update lower floors.")
def main(gold, update, allow):
    """Check the floors, or update them."""
    floors = json.loads(FLOORS.read_text("utf-8")) if FLOORS.is_file() else {}
    found = measure(gold)
    missed = [f"{key}: {found[key]} < {floor}" for key, floor in floors.items()
              if key in found and found[key] < floor]
    for line in missed:
        click.echo(line, err=True)
    if update:
        if missed and not allow:
            sys.exit("floors would fall (--allow lets them)")
        new = {key: round(value - SLACK, 4) for key, value in found.items()}
        kept = {key: value for key, value in floors.items() if key in found or "gold" in key}
        raised = kept | {k: v if allow else max(v, kept.get(k, 0.0)) for k, v in new.items()}
        FLOORS.write_text(json.dumps(raised, indent=1, sort_keys=True) + "\n", "utf-8")
    elif not set(found) & set(floors):
        sys.exit("no floor holds for this corpus (--update sets them)")
    click.echo(f"{len(set(found) & set(floors))} floors, {len(missed)} missed")
    sys.exit(1 if missed and not update else 0)


if __name__ == "__main__":
    main()
