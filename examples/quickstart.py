"""The shortest way from data to answers; run it in a checkout's folder."""

import tellapart

data = tellapart.load("fashion-mnist")
run = tellapart.train(data, recipe="guide")
print(run.evaluation)

answer = run.model.predict("examples/pictures/shirt.png")
print(answer.label, answer.probability)

model = tellapart.open_model(run.path / "model.tellapart")  # another day, another machine
print(model.predict(["examples/pictures/shirt.png", data.test.images.picture(0)], top=1))
print(model.network.count_params(), "parameters of plain Keras")
