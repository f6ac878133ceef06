"""`python -m tradewind`: the command line where its script is not on the path."""

from tradewind.cli import main

if __name__ == "__main__":
    main()
