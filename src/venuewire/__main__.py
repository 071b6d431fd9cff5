"""`python -m venuewire` is the command `venuewire`."""

from venuewire.cli import main

if __name__ == "__main__":
    main()
