.PHONY: test lint train

test:
	python -m pytest -q

lint:
	ruff check classifier tests
	mypy

# TEXT: unlabelled documents (a JSONL, say) on which the encoder teaches the fast model
train:
	policytag train corpus --kind fast --split train --split dev -o models/fast.zip \
	  --punkt models/punkt.json --teacher encoder $(if $(TEXT),--text $(TEXT))
