"""The acts of the story, in the order they are played."""
