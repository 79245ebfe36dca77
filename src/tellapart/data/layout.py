"""Where a source says what: its columns, its root, and patterns on its paths."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from tellapart.errors import DataError, UsageError, did_you_mean

SPLIT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "train": "train",
        "training": "train",
        "val": "validation",
        "valid": "validation",
        "validation": "validation",
        "dev": "validation",
        "test": "test",
        "testing": "test",
    }
)
"""What people call the splits, in lower case."""

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
"""What tables end in; `tables.TABLES` holds a reader for each, and is slower to import."""

ARCHIVE_SUFFIXES = (
    *(".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"),
    *(".tar.zst", ".tzst"),
)
"""What archives of pictures end in; `archives.py` reads them."""

_USUAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "image": ("image", "path", "file", "filename", "filepath", "file_name", "image_path"),
        "label": ("label", "class", "target", "category"),
        "group": ("group",),
        "split": ("split", "subset"),
    }
)


@dataclass(frozen=True)
class Layout:
    """Is how a source is to be read, where it cannot be guessed.

    Attributes:
        image: The column with each picture's path or bytes.
        label: The column with its class name.
        group: The column with its group, such as a patient.
        split: The column with its split.
        root: The folder that paths in a table start from; by default the table's own.
        label_from: A regular expression that finds the class name in a picture's path:
            its first bracket, or all that it matches.
        group_from: The same for the group.
    """

    image: str = ""
    label: str = ""
    group: str = ""
    split: str = ""
    root: Path | None = None
    label_from: str = ""
    group_from: str = ""

    def to_record(self) -> dict[str, str]:
        """Return what was said, as text by name; `Layout.from_record` reads it back."""
        values = {key: str(value) for key, value in vars(self).items() if value}
        if self.root is not None:
            values["root"] = str(self.root.resolve())
        return values

    @classmethod
    def from_record(cls, values: Mapping[str, str]) -> "Layout":
        """Return the layout that `to_record` wrote down.

        Example:
            >>> layout = Layout(label="kind", group_from="^a")
            >>> Layout.from_record(layout.to_record()) == layout
            True
        """
        return cls(
            image=values.get("image", ""),
            label=values.get("label", ""),
            group=values.get("group", ""),
            split=values.get("split", ""),
            root=Path(values["root"]) if "root" in values else None,
            label_from=values.get("label_from", ""),
            group_from=values.get("group_from", ""),
        )

    def check_fits(self, kind: str, honoured: Iterable[str] = ()) -> None:
        """Raise `UsageError` for what was said that a kind of source cannot honour.

        Args:
            kind: What to call the source.
            honoured: The fields that it is read by.
        """
        said = {name: str(value) for name, value in vars(self).items() if value not in ("", None)}
        odd = [name for name in said if name not in honoured]
        if not odd:
            return
        by_pattern = "group" in odd and "group_from" in honoured
        hint = r"; a group may be found by a pattern on the path, such as --group '(\w+)_'"
        listed = ", ".join(f"{name}='{said[name]}'" for name in odd)
        raise UsageError(
            f"A layout must fit its source. Received: {listed} for {kind}, which has no use for "
            f"it. Fix: leave it out{hint if by_pattern else ''}"
        )

    def choose(
        self, columns: Iterable[str], title: str, *, needs_label: bool = True
    ) -> tuple["Layout", tuple[str, ...]]:
        """Return the layout with a column for everything, and a remark on what was guessed.

        A group or a split that no column tells stays empty.

        Args:
            columns: The columns that there are.
            title: What to call the table in messages.
            needs_label: Whether there must be a label, by a column or a pattern.

        Raises:
            DataError: A column that was named is not there, or none has pictures or labels.

        Example:
            >>> layout, remarks = Layout().choose(["File", "label"], "pets.csv")
            >>> layout.image, layout.label, remarks[0]
            ('File', 'label', "Guessed in pets.csv: image from 'File', label from 'label'.")
        """
        names = list(columns)
        known = {name.strip().lower(): name for name in reversed(names)}
        chosen: dict[str, str] = {}
        guessed = []
        for role, usual in _USUAL.items():
            asked = str(getattr(self, role))
            if asked and asked not in names:
                raise DataError(f"{title} has no column '{asked}'. {did_you_mean(asked, names)}")
            found = asked or next((known[name] for name in usual if name in known), "")
            if found and not asked:
                guessed.append(f"{role} from '{found}'")
            chosen[role] = found
        is_labelled = self.label_from or not needs_label
        self._check_found(chosen, ("image",) if is_labelled else ("image", "label"), names, title)
        remarks = (f"Guessed in {title}: {', '.join(guessed)}.",) if guessed else ()
        layout = replace(
            self,
            image=chosen["image"],
            label=chosen["label"],
            group=chosen["group"],
            split=chosen["split"],
        )
        return layout, remarks

    def _check_found(
        self, chosen: Mapping[str, str], roles: Iterable[str], names: list[str], title: str
    ) -> None:
        """Raise `DataError` unless there are columns for these roles."""
        for role in roles:
            if not chosen[role]:
                raise DataError(
                    f"{title} must have a column {' or '.join(_USUAL[role])}. "
                    f"Received: {', '.join(names) or 'no column'}. "
                    f"Fix: name it, as in Layout({role}='{names[0] if names else 'name'}')"
                )


def find_split(word: str, title: str) -> str:
    """Return the split that a word stands for.

    Raises:
        DataError: It stands for none; `title` says where it was found.
    """
    split = SPLIT_WORDS.get(word.strip().lower())
    if split is None:
        raise DataError(
            f"Each split in {title} must be one of {', '.join(SPLIT_WORDS)}. Received: '{word}'."
        )
    return split
