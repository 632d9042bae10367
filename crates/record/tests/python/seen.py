"""What real clients see in files of draws, as JSON.

Reads a list of questions as JSON from the standard input and writes the list of answers:

["zarr", PATH]           ArviZ: groups, dimensions, types, values to the last bit, diagnostics, warnings
["csv", FILE, ...]       cmdstanpy: columns, draws to the last bit, diagnostics by ArviZ, warnings
["write", FORMAT, PATH]  a store as xarray writes it (FORMAT is one of those below), and what is in it
"""

import json
import logging
import sys
import warnings

import numpy as np

with warnings.catch_warnings():
    # The first import of a day announces the next major version, which says nothing of the files.
    warnings.simplefilter("ignore", FutureWarning)
    import arviz


def bits(values):
    """Numbers as the bits that they are, so that JSON changes none; anything else as itself."""
    values = np.asarray(values)
    if values.dtype == np.float64:
        values = values.view(np.int64)
    return values.tolist()


def diagnostics(chains):
    chains = np.asarray(chains, dtype=np.float64)
    if not np.isfinite(chains).all() or chains.shape[1] < 4:
        return None
    numbers = {
        "r_hat": float(arviz.rhat(chains)),
        "ess_bulk": float(arviz.ess(chains, method="bulk")),
        "ess_tail": float(arviz.ess(chains, method="tail", prob=(0.05, 0.95))),
    }
    # JSON has no other numbers.
    return {key: value if np.isfinite(value) else None for key, value in numbers.items()}


def load(path):
    """The store at `path` by ArviZ itself, or where its version says so by xarray first."""
    try:
        return arviz.from_zarr(path)
    except ImportError as error:
        if "open_datatree" not in str(error):
            raise
        import xarray

        return arviz.InferenceData.from_datatree(xarray.open_datatree(path, engine="zarr"))


def group_names(data):
    names = data.groups() if callable(data.groups) else data.groups
    return [name.strip("/") for name in names if name != "/"]


def seen_in_zarr(path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = load(path)
        groups = {}
        for name in group_names(data):
            group = data[name]
            variables = {
                str(key): {
                    "dims": list(variable.dims),
                    "dtype": str(variable.dtype),
                    "values": bits(variable.values),
                }
                for key, variable in {**group.coords, **group.data_vars}.items()
            }
            attributes = {key: str(value) for key, value in group.attrs.items()}
            groups[name] = {
                "sizes": {str(key): size for key, size in group.sizes.items()},
                "variables": variables,
                "attributes": attributes,
            }
    posterior = data["posterior"]
    return {
        "warnings": [str(warning.message) for warning in caught],
        "groups": groups,
        "diagnostics": {
            str(key): diagnostics(variable.values)
            for key, variable in posterior.data_vars.items()
            if variable.ndim == 2
        },
    }


def seen_in_csv(paths):
    import cmdstanpy

    said = []

    class Listener(logging.Handler):
        def emit(self, record):
            said.append(record.getMessage())

    logger = logging.getLogger("cmdstanpy")
    logger.handlers = [Listener()]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = cmdstanpy.from_csv(paths)
        config = fit.metadata.cmdstan_config
        is_fixed = config["algorithm"] == "fixed_param"
        draws = fit.draws()
        every = fit.draws(inc_warmup=config["save_warmup"] == 1)
        dataset = fit.draws_xr()
        seen = {
            "columns": list(fit.column_names),
            # (draw, chain, column) there
            "draws": bits(np.ascontiguousarray(draws)),
            "draws_and_warmup": bits(np.ascontiguousarray(every)),
            "variables": {str(key): bits(value.values) for key, value in dataset.data_vars.items()},
            "config": {key: str(value) for key, value in config.items()},
            "step_size": None if is_fixed else bits(fit.step_size),
            "inverse_mass": None if is_fixed else bits(fit.inv_metric),
            "divergences": None if is_fixed else fit.divergences.tolist(),
            "seconds": fit.time,
            "diagnostics": {str(key): diagnostics(value.values) for key, value in dataset.data_vars.items()},
        }
    return {"warnings": [str(warning.message) for warning in caught] + said, **seen}


# How xarray is to write a store, by the name that the tests give it.
FORMATS = {
    "v2 plain": {"zarr_format": 2, "compressors": None},
    "v2 gzip": {"zarr_format": 2, "compressors": "gzip"},
    "v2 zlib": {"zarr_format": 2, "compressors": "zlib"},
    "v2 default": {"zarr_format": 2},
    "v3 plain": {"zarr_format": 3, "compressors": None},
    "v3 gzip": {"zarr_format": 3, "compressors": "gzip"},
    "v3 default": {"zarr_format": 3},
}


def write(name, path):
    import numcodecs
    import xarray
    from zarr.codecs import GzipCodec

    format = FORMATS[name]
    by_name = {
        (2, "gzip"): numcodecs.GZip(level=3),
        (2, "zlib"): numcodecs.Zlib(level=3),
        (3, "gzip"): GzipCodec(level=3),
    }
    random = np.random.default_rng(7)
    shape = (3, 50)
    along = {"chain": np.arange(3), "draw": np.arange(50)}
    values = {
        "mu": random.normal(size=shape),
        "single": random.normal(size=shape).astype(np.float32),
        "s": random.integers(-9, 9, size=shape),
        "small": random.integers(0, 9, size=shape).astype(np.uint8),
    }
    theta = random.normal(size=(*shape, 2, 3))
    posterior = xarray.Dataset(
        {
            **{key: (("chain", "draw"), value) for key, value in values.items()},
            "theta": (("chain", "draw", "school", "year"), theta),
        },
        coords={**along, "school": ["a", "b"]},
        attrs={"sampler": "elsewhere"},
    )
    # All of them equal to the fill value: Zarr may leave such a chunk out.
    stats = xarray.Dataset(
        {"diverging": (("chain", "draw"), np.zeros(shape, bool)), "energy": (("chain", "draw"), values["mu"] ** 2)},
        coords=along,
    )
    tree = xarray.DataTree.from_dict({"/posterior": posterior, "/sample_stats": stats})
    encoding = {}
    if "compressors" in format:
        codec = by_name.get((format["zarr_format"], format["compressors"]))
        encoding = {
            f"/{group}": {str(key): {"compressors": codec} for key in tree[group].variables}
            for group in ("posterior", "sample_stats")
        }
    with warnings.catch_warnings():
        # Zarr's own remarks on version 3 are not the matter here.
        warnings.simplefilter("ignore")
        tree.to_zarr(path, zarr_format=format["zarr_format"], encoding=encoding)
    seen = {key: np.asarray(value, dtype=np.float64) for key, value in values.items()}
    for i in range(2):
        for j in range(3):
            seen[f"theta[{i},{j}]"] = np.ascontiguousarray(theta[:, :, i, j])
    return {
        "posterior": {key: bits(value) for key, value in seen.items()},
        "energy": bits(values["mu"] ** 2),
    }


def answer(what, *words):
    answers = {"zarr": seen_in_zarr, "csv": lambda *paths: seen_in_csv(list(paths)), "write": write}
    return answers[what](*words)


json.dump([answer(*question) for question in json.load(sys.stdin)], sys.stdout)
