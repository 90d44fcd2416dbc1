"""Published hub location instances: their formats, and the peers they are measured against."""
