"""Networks and flows of others: QKeras models in, hls4ml projects out."""
