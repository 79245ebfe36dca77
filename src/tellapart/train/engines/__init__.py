"""What makes the steps of a training: one engine a backend, and Keras' own as the plain way."""
