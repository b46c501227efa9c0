"""``python -m surveyor``; the guard matters, since scanner children import this module again under another name."""

if __name__ == "__main__":
    from surveyor.cli import main

    main()
