"""`python -m ablate` is the command `ablate`."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder, whose files must not be imported in place of modules
    from ablate.cli import main

    main()
