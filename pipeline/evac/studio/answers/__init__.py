"""What the server answers, by what it is about; each module lists its routes."""
