"""The guide as stock Keras: the baseline. Prints one line of JSON."""

import json
import sys
import time

import keras


class _Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Measures training alone: from the start of an epoch to the start of its validation."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
        self._began = time.perf_counter()

    def on_test_begin(self, logs: object = None) -> None:  # noqa: ARG002
        self.seconds.append(time.perf_counter() - self._began)


def main(epochs: int) -> None:
    """Train, evaluate and predict as the guide does."""
    (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
    x_train = x_train.reshape((-1, 28, 28, 1)) / 255.0  # float64, as in the guide
    x_test = x_test.reshape((-1, 28, 28, 1)) / 255.0
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    clock = _Clock()
    model.fit(
        x_train,
        y_train,
        epochs=epochs,
        validation_data=(x_test, y_test),
        verbose=0,
        callbacks=[clock],
    )
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    model.predict(x_test, verbose=0)
    speed = len(x_train) / min(clock.seconds)
    print(json.dumps({"accuracy": accuracy, "loss": loss, "images_per_second": speed}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
