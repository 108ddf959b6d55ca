.PHONY: test lint train

test:
	python -m pytest -q

lint:
	ruff check classifier tests
	mypy

train:
	policytag train corpus --kind fast --split train --split dev -o models/fast.zip --punkt models/punkt.json
