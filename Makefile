.PHONY: test fuzz browser lint train card encoder gate gate-update bench scaling

test:
	python -m pytest -q

# POLICYTAG_FUZZ: mutants a format
fuzz:
	python -m pytest -q tests/fuzz

# needs policytag[browser] and Debian's chromium; pictures to look at go to build/pictures
browser:
	python -m pytest -q tests/browser

lint:
	ruff check classifier tests
	mypy

# TEXT: unlabelled documents (a JSONL, say) on which the encoder teaches the fast model;
# REAL: a gold file of real sentences to learn from besides the corpus
train:
	policytag corpus words corpus -o models/words.txt
	policytag train corpus $(if $(REAL),--also $(REAL)) --kind fast --split train --split dev \
	  -o models/fast.zip --punkt models/punkt.json --teacher encoder $(if $(TEXT),--text $(TEXT))

# GOLD: a gold file to measure on besides the corpus test split
card:
	policytag corpus datasheet corpus corpus/README.md
	policytag corpus agreement corpus corpus/second_labels.csv --datasheet corpus/README.md
	policytag model card models/README.md $(if $(GOLD),--gold "the development gold" $(GOLD)) \
	  --gold "the corpus test split" corpus

# REAL: a gold file of real sentences to learn from besides the corpus; goes on where it was cut
encoder:
	python -m classifier.export corpus $(if $(REAL),--also $(REAL)) --folder build/encoder \
	  -o models/encoder.zip

gate:
	python tests/quality/gate.py $(if $(GOLD),--gold $(GOLD))

gate-update:
	python tests/quality/gate.py --update $(if $(ALLOW),--allow) $(if $(GOLD),--gold $(GOLD))

# TEXT, GOLD: as above; peers that are not installed are left out; MB: text that the quick ones read
bench:
	python tests/speed/bench.py $(if $(TEXT),--text $(TEXT)) $(if $(GOLD),--gold $(GOLD)) \
	  $(if $(MB),--megabytes $(MB)) --readme README.md -o build/bench.json

# cost of a sentence and memory from 100 documents to 100,000, and for one of 99 MB
scaling:
	python tests/speed/scaling.py $(if $(TEXT),--text $(TEXT)) --page SCALING.md
