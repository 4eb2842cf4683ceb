from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sorter import bundle as bundle_module
from sorter.bundle import Bundle, BundleError, Golden, Manifest
from sorter.stranger import FEATURES, Familiar
from tests.factories import make_manifest

Files = dict[str, bytes]


def make_bundle() -> Bundle:
    return Bundle(
        manifest=make_manifest(temperature=1.5, unsure_below=0.4),
        golden=Golden(
            inputs=np.arange(2 * 32 * 32 * 3, dtype=np.int64).astype(np.int8).reshape(2, 32, 32, 3),
            outputs=np.array([[1, 2, 3], [4, 5, 6]], np.int8),
        ),
        models={"classifier": b"no real model"},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "made.sorter"
    make_bundle().save(made)
    return made


def rewrite(path: Path, change: Callable[[Files], None]) -> Path:
    """Change the files of a bundle and write fitting sums, as a packer of ill will could."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()]
    files["SHA256SUMS"] = "".join(sums).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def set_manifest(**values: object) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        manifest = json.loads(files["bundle.json"]) | values
        files["bundle.json"] = json.dumps(manifest).encode()

    return change


def set_golden(**arrays: object) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        out = io.BytesIO()
        np.savez(out, **arrays)  # type: ignore[arg-type]
        files["golden.npz"] = out.getvalue()

    return change


def refusal(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        Bundle.load(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


def test_a_bundle_comes_back_as_it_was_saved(path: Path) -> None:
    made, read = make_bundle(), Bundle.load(path)
    assert read.manifest == made.manifest
    assert read.models == made.models
    assert np.array_equal(read.golden.inputs, made.golden.inputs)
    assert np.array_equal(read.golden.outputs, made.golden.outputs)


def make_bundle_that_knows_strangers() -> Bundle:
    familiar = Familiar(
        means=np.ones((3, FEATURES), np.float32),
        whitening=np.eye(FEATURES, dtype=np.float32),
        above=2.5,
    )
    manifest = make_manifest(stranger={"above": 2.5, "share": 0.02})
    return replace(make_bundle(), manifest=manifest, familiar=familiar)


def test_what_the_training_photos_look_like_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    made = make_bundle_that_knows_strangers()
    made.save(tmp_path / "made.sorter")
    read = Bundle.load(tmp_path / "made.sorter").familiar
    assert read is not None and made.familiar is not None
    assert read.above == 2.5
    assert np.array_equal(read.means, made.familiar.means)
    assert np.array_equal(read.whitening, made.familiar.whitening)


@pytest.mark.parametrize(
    ("means", "sentence"),
    [
        (None, "stranger.npz is missing"),
        (np.ones((3, 7), np.float32), "stranger.npz has the wrong shape"),
        (np.ones((0, FEATURES), np.float32), "stranger.npz holds no numbers"),
        (np.full((3, FEATURES), np.nan, np.float32), "stranger.npz holds no numbers"),
        (np.ones((3, FEATURES)), "stranger.npz is unreadable"),
    ],
)
def test_a_bundle_that_cannot_know_strangers_is_refused(
    tmp_path: Path, means: np.ndarray | None, sentence: str
) -> None:
    path = tmp_path / "made.sorter"
    make_bundle_that_knows_strangers().save(path)

    def change(files: Files) -> None:
        out = io.BytesIO()
        if means is None:
            del files["stranger.npz"]
            return
        np.savez(out, means=means, whitening=np.eye(FEATURES, dtype=np.float32))
        files["stranger.npz"] = out.getvalue()

    assert sentence in refusal(rewrite(path, change))


def test_the_same_content_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    make_bundle().save(tmp_path / "again.sorter")
    assert path.read_bytes() == (tmp_path / "again.sorter").read_bytes()


def test_a_save_that_fails_leaves_the_old_bundle(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyError):
        Bundle(manifest=make_manifest(), golden=make_bundle().golden, models={}).save(path)
    assert path.read_bytes() == before


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "gone.sorter")


def test_a_folder_is_no_bundle(tmp_path: Path) -> None:
    assert "Is a directory" in refusal(tmp_path)


def test_a_text_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "text.sorter").write_text("hello")
    assert "not a model bundle" in refusal(tmp_path / "text.sorter")


def test_an_empty_file_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "empty.sorter").touch()
    assert "not a model bundle" in refusal(tmp_path / "empty.sorter")


def test_a_foreign_zip_is_no_bundle(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "foreign.sorter", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "a zip, but not a model bundle" in refusal(tmp_path / "foreign.sorter")


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_no_damaged_byte_is_ever_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    make_bundle().save(folder / "whole.sorter")
    whole = (folder / "whole.sorter").read_bytes()
    body = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    if body:
        body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(0, 255))
    damaged = folder / "damaged.sorter"
    damaged.write_bytes(body)
    try:
        read = Bundle.load(damaged)
    except BundleError:
        return
    # What still loads (a flipped date, say) holds what was saved.
    assert read.models == make_bundle().models
    assert read.manifest == make_bundle().manifest


def test_a_changed_model_is_noticed(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["model.tflite"] = b"another model"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert "model.tflite is damaged" in refusal(path)


def test_a_newer_format_asks_for_an_update(path: Path) -> None:
    rewrite(path, set_manifest(format=2, grades="told in another way"))
    assert "format 2 is newer than this version reads (1); update the sorter" in refusal(path)


def test_an_unknown_role_that_is_required_is_refused(path: Path) -> None:
    roles = {
        "classifier": {"file": "model.tflite"},
        "weigher": {"file": "weigher.tflite"},
    }
    rewrite(path, set_manifest(roles=roles))
    assert "role 'weigher'" in refusal(path)


def test_an_unknown_role_that_is_not_required_is_left_aside(path: Path) -> None:
    roles = {
        "classifier": {"file": "model.tflite"},
        "explainer": {"file": "explainer.tflite", "required": False},
    }
    rewrite(path, set_manifest(roles=roles))
    assert set(Bundle.load(path).models) == {"classifier"}


def test_a_missing_model_is_named(path: Path) -> None:
    rewrite(path, lambda files: files.pop("model.tflite") and None)
    assert "model.tflite is missing" in refusal(path)


def test_a_bundle_without_classifier_is_refused(path: Path) -> None:
    rewrite(path, set_manifest(roles={}))
    assert "has no classifier" in refusal(path)


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"temperature": 0}, "temperature"),
        ({"unsure_below": 1.5}, "unsure_below"),
        ({"grades": [{"name": "only"}]}, "grades"),
        ({"grades": [{"name": "twice"}, {"name": "twice"}]}, "named twice"),
        ({"cost": [[0, 1], [1, 0]]}, "3 rows of 3"),
        ({"preprocess": {"size_px": 4}}, "preprocess.size_px"),
        ({"preprocess": {"size_px": 32, "zoom": 2}}, "preprocess.zoom"),
        ({"format": "one"}, "format"),
        ({"temperature": float("inf")}, "temperature"),
        ({"cost": [[0, 1, 1], [1, float("nan"), 1], [1, 1, 0]]}, "cost.1.1"),
        ({"grades": [{"name": "a", "worth": float("nan")}, {"name": "b"}]}, "grades.0.worth"),
        ({"preprocess": {"size_px": 32, "mean": float("nan")}}, "preprocess.mean"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_key(
    path: Path, values: dict[str, object], where: str
) -> None:
    rewrite(path, set_manifest(**values))
    assert where in refusal(path)


def test_a_manifest_that_is_no_json_is_refused(path: Path) -> None:
    rewrite(path, lambda files: files.update({"bundle.json": b"{"}))
    assert "bundle.json" in refusal(path)


def test_a_zip_that_claims_absurd_sizes_is_not_unpacked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_module, "MAX_UNPACKED_BYTES", 10_000_000)
    rewrite(path, lambda files: files.update({"bomb": b""}))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(11_000_000))
    assert "too large" in refusal(path)


def test_a_zip_of_very_many_files_is_not_unpacked(path: Path) -> None:
    rewrite(path, lambda files: files.update({f"file {n}": b"" for n in range(40)}))
    assert "too large" in refusal(path)


def test_a_bomb_inside_the_golden_inputs_is_not_unpacked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_module, "MAX_UNPACKED_BYTES", 10_000_000)

    def change(files: Files) -> None:
        out = io.BytesIO()
        inputs = np.zeros((4_000, 32, 32, 3), np.int8)
        np.savez_compressed(out, inputs=inputs, outputs=np.zeros((4_000, 3), np.int8))
        files["golden.npz"] = out.getvalue()

    assert "golden.npz" in refusal(rewrite(path, change))


GOOD = np.zeros((2, 32, 32, 3), np.int8)


@pytest.mark.parametrize(
    "arrays",
    [
        {"inputs": GOOD},
        {"inputs": GOOD, "outputs": np.zeros((3, 3), np.int8)},
        {"inputs": GOOD[:0], "outputs": np.zeros((0, 3), np.int8)},
        {"inputs": GOOD[0], "outputs": np.zeros((32, 3), np.int8)},
        {"inputs": GOOD.astype(np.float32), "outputs": np.zeros((2, 3), np.int8)},
        {"inputs": GOOD, "outputs": np.zeros((2, 3), np.float64)},
        {"inputs": GOOD, "outputs": np.zeros((), np.int8)},
        {"inputs": np.array([{"a": 1}, None], object), "outputs": np.zeros((2, 3), np.int8)},
    ],
)
def test_wrong_golden_arrays_are_refused(path: Path, arrays: dict[str, object]) -> None:
    assert "golden.npz" in refusal(rewrite(path, set_golden(**arrays)))


@pytest.mark.parametrize("data", [b"", b"PK", b"not an npz", b"\x80\x04."])
def test_golden_inputs_that_are_no_npz_are_refused(path: Path, data: bytes) -> None:
    rewrite(path, lambda files: files.update({"golden.npz": data}))
    assert "golden.npz" in refusal(path)


def test_a_golden_array_that_claims_an_absurd_shape_is_refused(path: Path) -> None:
    def change(files: Files) -> None:
        body = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            body, {"descr": "|i1", "fortran_order": False, "shape": (1 << 40, 32, 32, 3)}
        )
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("inputs.npy", body.getvalue())
            archive.writestr("outputs.npy", body.getvalue())
        files["golden.npz"] = out.getvalue()

    assert "golden.npz" in refusal(rewrite(path, change))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|i1', 'shape': (",
        "{[]: 1}",
        "{'descr': 1, 2: 3}",
        "\n x\n  y\n z",
        "'''",
        f"{{'descr': '|i1', 'fortran_order': False, 'shape': ({10**30},)}}",
    ],
)
def test_a_golden_array_with_a_mad_header_is_refused(path: Path, header: str) -> None:
    def change(files: Files) -> None:
        padded = header.encode() + b"\n"
        npy = b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("inputs.npy", npy)
            archive.writestr("outputs.npy", npy)
        files["golden.npz"] = out.getvalue()

    assert "golden.npz" in refusal(rewrite(path, change))


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_compressed_in_another_way_is_refused(path: Path, way: int) -> None:
    with zipfile.ZipFile(path, "a", way) as archive:
        archive.writestr("more", b"more")
    assert "not a model bundle, or damaged" in refusal(path)


def test_a_bundle_without_golden_inputs_is_refused(path: Path) -> None:
    rewrite(path, lambda files: files.pop("golden.npz") and None)
    assert "golden.npz" in refusal(path)


def test_grades_keep_the_order_of_the_outputs() -> None:
    assert make_manifest(["b", "c", "a"]).grade_names == ["b", "c", "a"]


def test_a_manifest_cannot_be_changed() -> None:
    manifest: Manifest = make_manifest()
    with pytest.raises(ValidationError):
        manifest.temperature = 2.0
