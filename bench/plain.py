"""What the pipeline is compared with: one plain script that trains and scores all networks.

`python -m bench.plain PHOTOS WEIGHTS EPOCHS`, with the values of params.yaml: 160 px, batches of
5, Adam at 0.001, a fifth of the photos for validation. The custom network has three
convolutions, the first at full resolution; the frozen base runs inside the training loop, and
once more over all photos for the probe.
"""

import sys

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, confusion_matrix


def build_layers(classes: int) -> list[keras.Layer]:
    """Build the layers that both networks share."""
    return [
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(padding="same"),
        keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(padding="same"),
        keras.layers.Conv2D(128, 3, padding="same", activation="relu"),
        keras.layers.GlobalMaxPooling2D(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(classes, activation="softmax"),
    ]


def print_scores(actual: np.ndarray, predicted: np.ndarray, classes: list[str]) -> None:
    print(confusion_matrix(actual, predicted))
    print(classification_report(actual, predicted, target_names=classes, zero_division=0))


def main(photos: str, weights: str, epochs: str) -> None:
    keras.utils.set_random_seed(0)
    training, validation = keras.utils.image_dataset_from_directory(
        photos,
        image_size=(160, 160),
        batch_size=5,
        validation_split=0.2,
        subset="both",
        seed=0,
    )
    classes = training.class_names
    training, validation = training.cache(), validation.cache()
    base = keras.applications.MobileNetV2(
        include_top=False, weights=weights, input_shape=(160, 160, 3), alpha=0.35
    )
    base.trainable = False
    for name, front in {"custom": [], "transfer": [base]}.items():
        network = keras.Sequential(
            [
                keras.Input((160, 160, 3)),
                keras.layers.Rescaling(1 / 127.5, offset=-1),
                *front,
                *build_layers(len(classes)),
            ],
            name=name,
        )
        network.compile(
            optimizer=keras.optimizers.Adam(0.001),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        network.fit(training, validation_data=validation, epochs=int(epochs), verbose=2)
        actual = np.concatenate([labels for _, labels in validation])
        predicted = np.concatenate(
            [network.predict_on_batch(batch).argmax(axis=1) for batch, _ in validation]
        )
        print_scores(actual, predicted, classes)
        network.save(f"{name}.keras")

    pooled = keras.Sequential(
        [
            keras.Input((160, 160, 3)),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            base,
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    sides = []
    for side in (training, validation):
        parts = ((pooled.predict_on_batch(batch), labels) for batch, labels in side)
        sides.append(tuple(map(np.concatenate, zip(*parts, strict=True))))
    (features, labels), (unseen, actual) = sides
    probe = LogisticRegression(max_iter=1000).fit(features, labels)
    print_scores(actual, probe.predict(unseen), classes)


if __name__ == "__main__":
    main(*sys.argv[1:])
