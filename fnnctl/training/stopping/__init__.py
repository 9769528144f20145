"""Rules that end training, and warnings if it ended too soon or with a huge loss."""
