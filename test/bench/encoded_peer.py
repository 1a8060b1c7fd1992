"""Python's side of the rows of packed files: one command a line as a JSON list, one answer a line, seconds where something is timed.

Usage: python encoded_peer.py THREADS. What it can do follows from which of h5py and numcodecs are installed beside numpy; the first line tells.
"""
import importlib
import json
import pathlib
import sys
import time

import numpy

SHAPE = (1024, 1024)
CHUNK = (256, 1024)


def optional(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


h5py = optional("h5py")
numcodecs = optional("numcodecs")


def tensors(path):
    return numpy.fromfile(path, "<f4").reshape(-1, *SHAPE)


def make_hdf5(values, path):
    with h5py.File(path, "w") as file:
        for index, tensor in enumerate(tensors(values)):
            file.create_dataset(f"layer{index}/kernel", data=tensor, chunks=CHUNK, compression="gzip", compression_opts=1, shuffle=True)


def make_zstd(values, path):
    """As numcodecs and zarr 2 have it."""
    codec = numcodecs.Zstd(level=1)
    array = {"zarr_format": 2, "shape": SHAPE, "chunks": CHUNK, "dtype": "<f4", "order": "C", "fill_value": 0, "filters": None, "compressor": codec.get_config()}
    for index, tensor in enumerate(tensors(values)):
        folder = pathlib.Path(path, f"layer{index}")
        folder.mkdir(parents=True)
        (folder / ".zarray").write_text(json.dumps(array))
        for row in range(0, SHAPE[0], CHUNK[0]):
            (folder / f"{row // CHUNK[0]}.0").write_bytes(codec.encode(tensor[row : row + CHUNK[0]]))
    pathlib.Path(path, ".zgroup").write_text('{"zarr_format": 2}')


def pieces(path):
    """Offset and length of every packed chunk."""
    found = []
    with h5py.File(path) as file:
        for group in file.values():
            chunks = group["kernel"].id
            for index in range(chunks.get_num_chunks()):
                info = chunks.get_chunk_info(index)
                found.append([info.byte_offset, info.size])
    return found


def unpack_zstd(path):
    codec = numcodecs.Zstd()
    for chunk in pathlib.Path(path).glob("*/*.0"):
        codec.decode(chunk.read_bytes())


def statistics(values):
    (values.min(), values.max(), values.mean(dtype="f8"), values.std(dtype="f8"), numpy.count_nonzero(values))


def read_hdf5(path):
    with h5py.File(path) as file:
        for group in file.values():
            statistics(group["kernel"][:])


def read_npz(path):
    with numpy.load(path) as file:
        for name in file:
            statistics(file[name])


def read_zarr(path):
    """The chunks by numcodecs, as zarr unpacks them, without what zarr does around them."""
    for folder in pathlib.Path(path).glob("*/"):
        array = json.loads((folder / ".zarray").read_text())
        codec = numcodecs.get_codec(array["compressor"])
        whole = numpy.empty(array["shape"], array["dtype"])
        rows = array["chunks"][0]
        for chunk in folder.glob("*.0"):
            row = rows * int(chunk.stem)
            codec.decode(chunk.read_bytes(), out=whole[row : row + rows])
        statistics(whole)


ASKED = {"make-hdf5": make_hdf5, "make-zstd": make_zstd, "pieces": pieces}
TIMED = {"unpack-zstd": unpack_zstd, "read-hdf5": read_hdf5, "read-npz": read_npz, "read-zarr": read_zarr}

print(", ".join(f"{module.__name__} {module.__version__}" for module in (numpy, h5py, numcodecs) if module), flush=True)
for line in sys.stdin:
    command, *paths = json.loads(line)
    if command in ASKED:
        print(json.dumps(ASKED[command](*paths)), flush=True)
    else:
        began = time.perf_counter()
        TIMED[command](*paths)
        print(time.perf_counter() - began, flush=True)
