"""Is the heat where the network means it? Step 6's mirror, asked of many images: see `mirror`."""
