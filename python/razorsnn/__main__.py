"""python -m razorsnn."""

from razorsnn.cli import main

if __name__ == "__main__":
    main()
