"""What keras_side.py makes, by name: it cannot be imported here, where there is no QKeras."""

MODELS = ("normalised", "folded", "flat")
REFUSED = ("auto_po2", "auto", "strided")
