"""Train a network of your own; run it from an empty folder."""

import keras

import tellapart


def build() -> keras.Model:
    """Return a network for grey pictures of 28×28 pixels and ten classes."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),  # it gets the pixels as they are, 0 to 255
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(4),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )


def main(data: tellapart.Dataset, epochs: int = 5) -> tellapart.Run:
    """Train it; held-out images choose the epoch, and when to answer."""
    network = build()
    settings = {"data.validation": "holdout", "fit.keep": "best"}
    run = tellapart.train(data, model=network, epochs=epochs, settings=settings)
    print(run.evaluation)
    model = tellapart.open_model(run.path / "model.tellapart", trust=True)
    print(model.predict(data.test.images.picture(0)))
    return run


if __name__ == "__main__":
    main(tellapart.load("fashion-mnist"))
