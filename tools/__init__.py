"""Tools of the project itself: building packs, checking words, writing the reference."""
