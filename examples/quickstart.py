"""The shortest way from data to answers; needs a picture called shirt.png beside it."""

import tellapart

data = tellapart.load("fashion-mnist")
run = tellapart.train(data, recipe="guide")
print(run.evaluation)

answer = run.model.predict("shirt.png")
print(answer.label, answer.probability)

model = tellapart.open_model(run.path / "model.tellapart")  # another day, another machine
print(model.predict(["shirt.png", data.test.images.picture(0)], top=1))
print(model.network.count_params(), "parameters of plain Keras")
