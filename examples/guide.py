"""The Keras CNN guide in tellapart, step by step; run it from an empty folder.

Some three minutes on two cores. Every object here is plain NumPy, plain Keras or a small
record, so each step can be changed.
"""

import tellapart


def main(data: tellapart.Dataset, epochs: int = 10) -> tellapart.Run:
    """Go through the guide's steps and return the run."""
    # 1. Load the data, look at the shapes.
    print(data)
    print("train", data.train.images.shape, len(data.train), "test", len(data.test))

    # 2. Look at fifteen training images with their class names.
    data.show(15).save("first-look.png")

    # 3. Reshape and scale to 0-1: nothing to do. The network takes the raw uint8 pixels and
    #    scales them in its first layer, so that nobody can forget it later.

    # 4.-6. Define the network, compile it, print the summary: 121,930 parameters.
    network = tellapart.build("guide-cnn")
    network.summary()  # step 7 builds it anew; to train one that you changed: model=network

    # 7. Fit, with the test images as the validation curve, keeping the history.
    run = tellapart.train(data, recipe="guide", epochs=epochs)
    print(run.history)

    # 8. Evaluate on the test images.
    print(run.evaluation)
    print("most confused:", run.evaluation.confused[0])

    # 9. Plot accuracy and loss, training against validation.
    run.show_curves().save("curves.png")
    run.show_confusion().save("confusion.png")

    # 10. Make predictions: on a picture, or on several.
    print("this is a", run.model.predict(data.test.images.picture(0)))
    for answer in run.model.predict([data.test.images.picture(i) for i in range(1, 6)]):
        print(answer)
    return run


if __name__ == "__main__":
    main(tellapart.load("fashion-mnist"))
