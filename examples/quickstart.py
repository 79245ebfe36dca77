"""The shortest way from data to answers, in Python."""

import sys

import tellapart


def main(data: tellapart.Dataset, picture: str, epochs: int = 10) -> None:
    """Train on the data, and ask about one picture file."""
    run = tellapart.train(data, recipe="guide", epochs=epochs)
    print(run.evaluation)
    answer = run.model.predict(picture)
    print(answer.label, answer.probability)

    model = tellapart.open_model(run.path / "model.tellapart")  # another day, another machine
    print(model.predict([picture, picture], top=1))
    print(model.network.count_params(), "parameters of plain Keras")


if __name__ == "__main__":
    main(tellapart.load("fashion-mnist"), sys.argv[1])
