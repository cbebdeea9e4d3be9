"""The kinds of tokens in a window of a scene, by which it is decided what may attend to them."""

TEXT, ANSWER, NAME, EARLIER_NAME, SCENE_NAME = range(5)
"""What a line says; what its answer is read from; who speaks it, also where only later lines may
know that; who speaks in the scene."""
