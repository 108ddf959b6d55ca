"""Run the command line: python -m classifier."""

from classifier.cli import main

main()
