"""The network, in reading order: config, layers, encoder, decoder, generation."""
